namespace Rvq.Checkpoints;

/// <summary>
/// vector-quantize-pytorch: ResidualVQ with projections once around all stages or, before its version 1.7, around each; GroupedResidualVQ
/// (each group quantizes its part of the frame); VectorQuantize; and SimVQ. Cosine search is the caller's word, or that of a
/// <c>use_cosine_sim</c> in the file's configuration (WhisperSpeech).
/// </summary>
internal static class ResidualVqFamily
{
    private static readonly ResidualNames Layers = new("layers.", "._codebook.embed")
    {
        AroundLayer = [ProjectionNames.Project],
        AroundAll = [ProjectionNames.Project],
    };

    private static readonly ResidualNames SimVq = new("layers.", ".frozen_codebook")
    {
        Transform = "code_transform",
        AroundAll = [ProjectionNames.Project],
    };

    public static readonly CodecFamily[] Rows =
    [
        new("ResidualVQ", $"rvqs.0.{Layers.Marker}", 0, BuildGrouped),
        new("ResidualVQ", Layers.Marker, 0, static (tensors, hints) => [Names(Layers, hints).Build(tensors, hints)]),
        new("ResidualSimVQ", SimVq.Marker, 2, static (tensors, hints) => [BuildSimVq(tensors, hints)]),
        CodecFamily.Refused(
            "RandomProjectionQuantizer", "_codebook.embed", 0, static (tensors, _) => tensors.Beside("rand_projs").Any(),
            "which normalises a frame to mean 0 and deviation 1 before it is projected"),
        // The S3 tokenizer keeps the codebook alone, as [K, D]; VectorQuantize has its buffers beside it.
        new("CosyVoice", "_codebook.embed", 2, static (tensors, hints) =>
            [new ResidualStack([hints.Stage(tensors.Codebook("_codebook.embed"), metric: SearchMetric.NormalizedEuclidean)])])
        {
            AllowsPrefix = static prefix => prefix is "quantizer." || prefix.EndsWith(".quantizer.", StringComparison.Ordinal),
            Fits = static (tensors, hints) => hints.Names("CosyVoice") || tensors.IsAlone("_codebook.embed"),
        },
        new("VQ-VAE", "_codebook.embed", 0, BuildSingle) { AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix) },
        new("SimVQ", "frozen_codebook", 2, BuildSingleSimVq) { AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix) },
    ];

    private static ResidualNames Names(ResidualNames names, CodecHints hints)
        => names with { Metric = hints.Config.UsesCosine == true ? SearchMetric.Cosine : SearchMetric.Euclidean };

    private static ResidualStack[] BuildSingle(CodecTensors tensors, CodecHints hints)
    {
        var (input, output) = tensors.Projections([ProjectionNames.Project], "");
        return [new ResidualStack([hints.Stage(tensors.Codebook("_codebook.embed"), metric: Names(Layers, hints).Metric)], input, output)];
    }

    private static ResidualStack[] BuildSingleSimVq(CodecTensors tensors, CodecHints hints)
    {
        var (input, output) = tensors.Projections([ProjectionNames.Project], "");
        var codebook = CodewordTransform.Apply(tensors.Codebook("frozen_codebook"), tensors.RequireProjection("code_transform"));
        return [new ResidualStack([hints.Stage(codebook)], input, output)];
    }

    private static ResidualStack BuildSimVq(CodecTensors tensors, CodecHints hints)
    {
        for (var layer = 0; layer < SimVq.Count(tensors); layer++)
        {
            _ = tensors.Require($"layers.{layer}.code_transform.weight");
        }

        return SimVq.Build(tensors, hints);
    }

    private static ResidualStack[] BuildGrouped(CodecTensors tensors, CodecHints hints)
    {
        var names = Names(Layers, hints);
        var groups = new ResidualStack[tensors.LayerCount("rvqs.", $".{Layers.Marker}")];
        for (var g = 0; g < groups.Length; g++)
        {
            groups[g] = names.Build(tensors, hints, $"rvqs.{g}.");
        }

        return Groups.SideBySide(groups);
    }
}
