namespace Rvq.Checkpoints;

/// <summary>Codebooks without anything around them: faiss's residual quantizer and the single codebook of a VQ-VAE.</summary>
internal static class PlainFamilies
{
    private static readonly string[] QuantizerWords = ["vq", "quant", "codebook"];

    public static readonly CodecFamily[] Rows =
    [
        new("faiss", "codebooks.0", 2, (tensors, hints) =>
            Stack(hints, Enumerable.Range(0, tensors.LayerCount("codebooks.", "")).Select(i => tensors.Codebook($"codebooks.{i}")))),
        new("faiss", "codebooks", 3, (tensors, hints) => Stack(hints, tensors.Codebooks("codebooks"))),
        .. new[] { "embedding.weight", "_embedding.weight", "codebook.weight" }.Select(marker =>
            new CodecFamily("VQ-VAE", marker, 2, (tensors, hints) => Stack(hints, [tensors.Codebook(marker)])) { AllowsPrefix = NamesAQuantizer }),
    ];

    private static ResidualStack[] Stack(CodecHints hints, IEnumerable<Codebook> codebooks)
        => [new ResidualStack([.. codebooks.Select(codebook => new Stage(codebook, metric: hints.Options.Metric ?? SearchMetric.Euclidean))])];

    /// <summary>Tables of embeddings are everywhere; one is a codebook if it stands alone or its module is called so.</summary>
    private static bool NamesAQuantizer(string prefix)
        => prefix.Length == 0 || (QuantizerWords.Any(word => prefix.Contains(word, StringComparison.OrdinalIgnoreCase)) && !CodecFamily.IsLayer(prefix));
}
