using Rvq.Search;

namespace Rvq;

/// <summary>
/// Stages that quantize one residual in turn, with what maps a frame to that residual and the summed codewords back. Immutable and
/// thread-safe.
/// </summary>
public sealed class ResidualStack
{
    private readonly Stage[] _stages;

    /// <summary>Joins stages to a stack.</summary>
    /// <param name="stages">
    /// The stages in the order in which they quantize, at least one, all of the same <see cref="Stage.Dimensions"/>.
    /// </param>
    /// <param name="input">Maps a frame to the residual (Mimi's input_proj), or null.</param>
    /// <param name="output">Maps the sum of the stages back to a frame (Mimi's output_proj), or null.</param>
    /// <exception cref="ArgumentException">No stage, a null stage, or dimensions that do not fit.</exception>
    public ResidualStack(ReadOnlySpan<Stage> stages, Projection? input = null, Projection? output = null)
        : this(stages, input, output, null)
    {
    }

    private ResidualStack(ReadOnlySpan<Stage> stages, Projection? input, Projection? output, ResidualStack? whole)
    {
        if (stages.IsEmpty)
        {
            throw new ArgumentException("stages is empty; a stack has at least one stage.", nameof(stages));
        }

        for (var i = 0; i < stages.Length; i++)
        {
            if (stages[i] is null)
            {
                throw new ArgumentException($"stages holds null at {i}.", nameof(stages));
            }

            if (stages[i].Dimensions != stages[0].Dimensions)
            {
                throw new ArgumentException(
                    $"Stage {i} works on {stages[i].Dimensions} dimensions, but stage 0 on {stages[0].Dimensions}.", nameof(stages));
            }
        }

        var dimensions = stages[0].Dimensions;
        if (input is not null && input.Outputs != dimensions)
        {
            throw new ArgumentException(
                $"input has {input.Outputs} outputs, but the stages work on {dimensions} dimensions.", nameof(input));
        }

        if (output is not null && output.Inputs != dimensions)
        {
            throw new ArgumentException(
                $"output has {output.Inputs} inputs, but the stages work on {dimensions} dimensions.", nameof(output));
        }

        if ((input?.Inputs ?? dimensions) is var inputs && (output?.Outputs ?? dimensions) is var outputs && inputs != outputs)
        {
            throw new ArgumentException($"The stack takes frames of {inputs} dimensions, but gives back {outputs}.", nameof(output));
        }

        _stages = stages.ToArray();
        InputProjection = input;
        OutputProjection = output;
        IsPlain = Array.TrueForAll(
            _stages, stage
                => stage is { InputProjection: null, OutputProjection: null, Stride: 1, Metric: not SearchMetric.NormalizedEuclidean });
        Tables = new StackTables(_stages, whole?.Tables);
    }

    /// <summary>The stages in the order in which they quantize.</summary>
    public ReadOnlySpan<Stage> Stages => _stages;

    /// <summary>Maps a frame to the residual, or null.</summary>
    public Projection? InputProjection { get; }

    /// <summary>Maps the sum of the stages back to a frame, or null.</summary>
    public Projection? OutputProjection { get; }

    /// <summary>The length of a frame.</summary>
    public int Dimensions => InputProjection?.Inputs ?? _stages[0].Dimensions;

    /// <summary>Whether every stage searches the residual itself, frame by frame.</summary>
    internal bool IsPlain { get; }

    /// <summary>What the search makes of the stages.</summary>
    internal StackTables Tables { get; }

    /// <summary>The codes of so many frames, a multiple of every stage's stride.</summary>
    internal int CodesPer(int frames)
    {
        if (frames == 1)
        {
            return _stages.Length;
        }

        var codes = 0;
        foreach (var stage in _stages)
        {
            codes += frames / stage.Stride;
        }

        return codes;
    }

    /// <summary>The stack of the first stages; they are shared, and so is what is built for them.</summary>
    internal ResidualStack Take(int stageCount)
        => stageCount == _stages.Length ? this : new ResidualStack(_stages.AsSpan(0, stageCount), InputProjection, OutputProjection, this);
}
