namespace Rvq;

/// <summary>What a checkpoint's tensor names do not tell. The defaults fit every published codec whose names tell it apart.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// How stages compare, where the file does not say: <see cref="SearchMetric.Cosine"/> for a ResidualVQ or VectorQuantize of
    /// vector-quantize-pytorch that was made with <c>use_cosine_sim</c>, <see cref="SearchMetric.InnerProduct"/> for IBQ. Null, the
    /// default, takes the codec's own metric, Euclidean where there is a choice.
    /// </summary>
    public SearchMetric? Metric { get; init; }

    /// <summary>
    /// Whether the codewords are scaled to length 1 as they are read, in binary64 and rounded once: for codecs that normalise both sides of
    /// the search and decode the unit codeword (TiTok with <c>use_l2_norm</c>). True makes <see cref="SearchMetric.Cosine"/> the metric
    /// unless <see cref="Metric"/> is given. Null, the default, takes what the file or its config.json says, and false where neither does.
    /// </summary>
    public bool? UnitCodewords { get; init; }

    /// <summary>
    /// The start of the quantizer's tensor names, such as <c>audio_encoder.</c>, for a file that holds several quantizers; tensors of other
    /// names are then not looked at. Null, the default, takes the only quantizer there is.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// The codec, where several have the same tensor names: "Language-Codec" and "EnCodec", "IBQ" and "VQ-VAE". Names are those that <see
    /// cref="RvqModel.Family"/> gives, in any case. Null, the default, takes the codec that the names, shapes and config.json tell.
    /// </summary>
    public string? Family { get; init; }

    /// <summary>
    /// Names of tensors that are known to change nothing, with <c>*</c> for any text: <c>quantizer.my_statistics</c>, <c>ema.*</c>. A file
    /// is otherwise refused when the quantizer's module holds a tensor that its codec does not know. Empty by default.
    /// </summary>
    public IReadOnlyList<string> IgnoreTensors { get; init; } = [];

    /// <summary>
    /// Receives what a reader of the file should know but that does not keep it from being read, such as strides that only a missing
    /// config.json could tell. Null, the default, drops it.
    /// </summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>
    /// Whether arrays that nothing calls a codebook are codebooks: the only one, [K, D] or [N, K, D], of a .npy file, an .npz or a tensor
    /// that was saved alone, or numbered ones [K, D] that quantize one after the other, such as a list of tensors. <see cref="Prefix"/>
    /// chooses among named ones. Every name in the file is then taken so, whatever codec it may belong to.
    /// </summary>
    public bool BareCodebooks { get; init; }
}
