namespace Rvq;

/// <summary>What a checkpoint's tensor names do not tell. The defaults fit every published codec.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// How stages compare, where the file does not say: <see cref="SearchMetric.Cosine"/> for a ResidualVQ or VectorQuantize of
    /// vector-quantize-pytorch that was made with <c>use_cosine_sim</c>. Null takes the codec's own metric, Euclidean where there is a choice.
    /// </summary>
    public SearchMetric? Metric { get; init; }

    /// <summary>
    /// The start of the quantizer's tensor names, such as <c>audio_encoder.</c>, for a file that holds several quantizers.
    /// Null takes the only one there is.
    /// </summary>
    public string? Prefix { get; init; }
}
