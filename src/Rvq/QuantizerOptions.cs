namespace Rvq;

/// <summary>How a <see cref="Quantizer"/> works. The defaults give the codecs' own greedy codes on one thread.</summary>
public sealed record QuantizerOptions
{
    /// <summary>The partial stacks kept at every stage, at least 1. With 1 every stage takes its nearest codeword.</summary>
    public int BeamWidth { get; init; } = 1;

    /// <summary>The threads that one call may use, at least 1. Codes do not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;
}
