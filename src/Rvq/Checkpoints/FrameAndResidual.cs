namespace Rvq.Checkpoints;

/// <summary>
/// Codecs of which some stages see the frame itself and others what all of them leave (FACodec, Language-Codec), as one residual stack: its
/// residual is several copies of the frame, of which each stage sees one and takes its codeword from some. The last copy loses all
/// codewords, and is what the decoder gives.
/// </summary>
internal static class FrameAndResidual
{
    // What projects the copies grows with the square of the frame.
    private const long MaxValues = 1 << 25;

    /// <summary>Joins stages that were made for residuals of so many dimensions.</summary>
    /// <param name="dimensions">The length of a frame.</param>
    /// <param name="copies">The number of copies of the frame.</param>
    /// <param name="stages">
    /// The stages, each with the copy that it sees and whether it takes its codeword from that one too, beside the last.
    /// </param>
    public static ResidualStack Stack(int dimensions, int copies, (Stage Stage, int Sees, bool TakesFromIt)[] stages)
    {
        ThrowIfTooLarge(dimensions, stages.Length);
        var repeat = new float[copies * dimensions * dimensions];
        var last = new float[copies * dimensions * dimensions];
        for (var d = 0; d < dimensions; d++)
        {
            for (var copy = 0; copy < copies; copy++)
            {
                repeat[(((copy * dimensions) + d) * dimensions) + d] = 1;
            }

            last[(d * copies * dimensions) + ((copies - 1) * dimensions) + d] = 1;
        }

        return new ResidualStack(
            [
                .. stages.Select(stage => Widen(
                    stage.Stage, stage.Sees, stage.TakesFromIt ? [stage.Sees, copies - 1] : [copies - 1], dimensions, copies)),
            ],
            new Projection(repeat, dimensions), new Projection(last, copies * dimensions));
    }

    /// <summary>Refuses frames whose square would fill memory; to be asked before stages are given projections of that size.</summary>
    public static void ThrowIfTooLarge(int dimensions, int stages)
    {
        if ((Int128)dimensions * dimensions * stages > MaxValues)
        {
            throw new InvalidDataException(
                $"{stages} stages of {dimensions} dimensions see the frame or what others leave; "
                + $"the square of the dimensions times the stages may be at most {MaxValues}.");
        }
    }

    private static Stage Widen(Stage stage, int sees, int[] takesFrom, int dimensions, int copies)
    {
        var (codewords, length) = (stage.Codebook.Dimensions, copies * dimensions);
        var (input, output) = (new float[codewords * length], new float[length * codewords]);
        var bias = stage.OutputProjection is { Bias.IsEmpty: false } ? new float[length] : [];
        for (var i = 0; i < codewords; i++)
        {
            for (var d = 0; d < dimensions; d++)
            {
                var unit = i == d ? 1 : 0;
                input[(i * length) + (sees * dimensions) + d]
                    = stage.InputProjection is { } own ? own.Weight[(i * dimensions) + d] : unit;
                foreach (var copy in takesFrom)
                {
                    output[(((copy * dimensions) + d) * codewords) + i]
                        = stage.OutputProjection is { } back ? back.Weight[(d * codewords) + i] : unit;
                }
            }
        }

        foreach (var copy in takesFrom)
        {
            stage.OutputProjection?.Bias.CopyTo(bias.AsSpan(Math.Min(copy * dimensions, bias.Length)));
        }

        return new Stage(
            stage.Codebook,
            new Projection(input, length, stage.InputProjection is { } projection ? projection.Bias : default),
            new Projection(output, codewords, bias),
            stage.Metric);
    }
}
