namespace Rvq;

/// <summary>How a <see cref="Quantizer"/> works. The defaults give the codecs' own greedy codes on one thread.</summary>
/// <remarks>
/// Set once, so that nobody changes them under a quantizer that is shared: in a host, register <c>Options.Create(new QuantizerOptions { …
/// })</c> or the quantizer itself as a singleton;
/// <c>services.Configure&lt;QuantizerOptions&gt;(options => …)</c> cannot set them. The same is true of the other options.
/// </remarks>
public sealed record QuantizerOptions
{
    /// <summary>
    /// The partial stacks kept at every stage, at least 1. With 1 every stage takes its nearest codeword. With more, the search keeps those
    /// with the smallest error after the stage, as faiss does, and the greedy stack beside them; for Euclidean stages without projections
    /// or strides of their own. With more, the first call builds tables of products between the codebooks, a byte each and at most 64 MB
    /// for a stack, which all quantizers of a model share; where codebooks are so large that none fits, search does without.
    /// </summary>
    public int BeamWidth { get; init; } = 1;

    /// <summary>The threads that one call may use, at least 1. Codes do not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;
}
