namespace Rvq.Checkpoints;

/// <summary>
/// EnCodec and what shares its names (SpeechTokenizer, audiocraft, Lyra's converted codebooks): one Euclidean stack of
/// <c>embed</c> [K, D], used as it is, never <c>embed_avg</c> / <c>cluster_size</c>. Projections around a layer are allowed by the code, though no
/// published model has them.
/// </summary>
internal static class EncodecFamily
{
    public static readonly CodecFamily[] Rows =
    [
        new("EnCodec", "vq.layers.0._codebook.embed", 2, (tensors, hints) => Build(tensors, hints, "vq.layers.", "_codebook.embed")),
        new("EnCodec", "layers.0.codebook.embed", 2, (tensors, hints) => Build(tensors, hints, "layers.", "codebook.embed")),
    ];

    private static ResidualStack[] Build(CodecTensors tensors, CodecHints hints, string layers, string codebook)
    {
        var stages = new Stage[tensors.LayerCount(layers, $".{codebook}")];
        for (var i = 0; i < stages.Length; i++)
        {
            stages[i] = new Stage(
                tensors.Codebook($"{layers}{i}.{codebook}"),
                tensors.Projection($"{layers}{i}.project_in"),
                tensors.Projection($"{layers}{i}.project_out"),
                hints.Options.Metric ?? SearchMetric.Euclidean);
        }

        return [new ResidualStack(stages)];
    }
}
