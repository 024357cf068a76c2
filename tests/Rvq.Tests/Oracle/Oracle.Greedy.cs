namespace Rvq.Tests;

/// <summary>Greedy codes of any model.</summary>
internal static partial class Oracle
{
    /// <summary>Codes [T / F, CodesPerBlock] of any model.</summary>
    public static int[] Encode(RvqModel model, ReadOnlySpan<float> frames)
    {
        var count = frames.Length / model.Dimensions;
        var codes = new int[count / model.FramesPerBlock * model.CodesPerBlock];
        for (var first = 0; first < count; first += model.FramesPerBlock)
        {
            var at = first / model.FramesPerBlock * model.CodesPerBlock;
            foreach (var stack in model.Stacks)
            {
                var block = new float[model.FramesPerBlock][];
                for (var t = 0; t < block.Length; t++)
                {
                    block[t] = Project(stack.InputProjection, frames.Slice((first + t) * model.Dimensions, model.Dimensions));
                }

                var stackCodes = IsProjected(stack) ? EncodeProjected(stack, block) : EncodePlain(stack, block);
                stackCodes.CopyTo(codes.AsSpan(at));
                at += stackCodes.Length;
            }
        }

        return codes;
    }

    private static bool IsProjected(ResidualStack stack)
        => stack.Stages.ToArray().Any(stage =>
            stage.InputProjection is not null || stage.OutputProjection is not null || stage.Stride > 1
            || stage.Metric == SearchMetric.NormalizedEuclidean);

    private static int[] EncodePlain(ResidualStack stack, float[][] block)
    {
        var residuals = block.ToArray();
        var codes = new List<int>();
        foreach (var stage in stack.Stages)
        {
            for (var t = 0; t < residuals.Length; t++)
            {
                codes.Add(Nearest(stage.Codebook, residuals[t], stage.Metric));
                residuals[t] = Difference(residuals[t], stage.Codebook[codes[^1]]);
            }
        }

        return [.. codes];
    }

    /// <summary>
    /// Of each frame y_m = W_m x + b_m, plus in turn −M_mi e_i − v_mi for the stages i before m, M_mi = W_m Wout_i and v_mi = W_m bout_i in
    /// double precision and rounded; a code is that of the mean of its frames.
    /// </summary>
    private static int[] EncodeProjected(ResidualStack stack, float[][] block)
    {
        var stages = stack.Stages.ToArray();
        var codes = new List<int[]>();
        foreach (var stage in stages)
        {
            var y = Array.ConvertAll(block, frame => Project(stage.InputProjection, frame));
            for (var i = 0; i < codes.Count; i++)
            {
                var (couple, own, stride) = (Coupling(stage, stages[i]), codes[i], stages[i].Stride);
                y = [.. y.Select((vector, t) => Sum(vector, couple(own[t / stride])))];
            }

            codes.Add([.. y.Chunk(stage.Stride).Select(window =>
            {
                var z = window.Aggregate(Sum);
                return Nearest(stage.Codebook, stage.Stride == 1 ? z : [.. z.Select(value => value / stage.Stride)], stage.Metric);
            })]);
        }

        return [.. codes.SelectMany(stageCodes => stageCodes)];
    }

    /// <summary>−M e − v of an earlier stage's codewords e.</summary>
    private static Func<int, float[]> Coupling(Stage stage, Stage earlier)
    {
        var rows = Enumerable.Range(0, stage.Codebook.Dimensions).Select(d => InputRow(stage, d)).ToArray();
        var columns = Enumerable.Range(0, earlier.Codebook.Dimensions).Select(e => OutputColumn(earlier, e)).ToArray();
        var matrix = Array.ConvertAll(rows, row => Array.ConvertAll(columns, column => -(float)Dot(row, column)));
        var bias = Array.ConvertAll(rows, row => -(float)Dot(row, OutputBias(earlier)));
        return code => [.. matrix.Zip(bias, (row, start) => Chains(row, earlier.Codebook[code], start))];
    }

    private static float[] InputRow(Stage stage, int row)
        => stage.InputProjection is { } input
            ? input.Weight.Slice(row * input.Inputs, input.Inputs).ToArray()
            : Unit(stage.Dimensions, row);

    private static float[] OutputColumn(Stage stage, int column)
        => stage.OutputProjection is { } output
            ? [.. Enumerable.Range(0, output.Outputs).Select(o => output.Weight[(o * output.Inputs) + column])]
            : Unit(stage.Dimensions, column);

    private static float[] OutputBias(Stage stage)
        => stage.OutputProjection is { Bias.IsEmpty: false } output ? output.Bias.ToArray() : new float[stage.Dimensions];

    private static float[] Unit(int length, int index) => [.. Enumerable.Range(0, length).Select(i => i == index ? 1f : 0f)];
}
