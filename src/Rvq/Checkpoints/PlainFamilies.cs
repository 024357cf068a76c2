namespace Rvq.Checkpoints;

/// <summary>
/// Codebooks with hardly anything around them: residual quantizers of recommenders and indexes, and the single codebook of a VQ-VAE.
/// </summary>
internal static class PlainFamilies
{
    private const string Embedding = "embedding.weight";
    private const string Levels = "quantizer_modules";

    private static readonly ResidualNames NemoCodebooks = new("codebooks.", ".codes");

    public static readonly CodecFamily[] Rows =
    [
        new("HiFi-Codec", $"{Levels}.0.{Embedding}", 2, BuildHiFi),
        new("RQ-Transformer", "codebooks.0.weight", 2, BuildKakao),
        new("NeMo", $"rvqs.0.{NemoCodebooks.Marker}", 2, BuildGroupedNemo),
        NemoCodebooks.Family("NeMo"),
        // RQ-VAE as recommenders have it: LC-Rec, LETTER; TIGER, with SimVQ's layer where it has one.
        new ResidualNames("vq_layers.", $".{Embedding}").Family("RQ-VAE"),
        new ResidualNames("quantizers.", $".{Embedding}").Family("RQ-VAE"),
        new ResidualNames("layers.", $".{Embedding}") { Transform = "out_proj.0" }.Family("RQ-VAE"),
        new ResidualNames("codebooks.", "").Family("faiss"),
        new("faiss", "codebooks", 3, static (tensors, hints) =>
            [new ResidualStack([.. tensors.Codebooks("codebooks").Select(codebook => hints.Stage(codebook))])])
        {
            AllowsPrefix = static prefix => prefix.Length == 0,
            IsBare = true,
        },
        // Codebooks of human motion: MoMask; T2M-GPT and MotionGPT with one.
        new ResidualNames("layers.", ".codebook").Family("MoMask") with { AllowsPrefix = NamesAQuantizer },
        .. Single(Embedding),
        .. Single("_embedding.weight"),
        .. Single("embeddings.weight"),
        .. Single("embeddings"),
        .. Single("embedding"),
        .. Single("codebook"),
        CodecFamily.Refused(
            "DALL-E", "codebook.weight", 2, static (tensors, _) => GivesLogits(tensors),
            "whose codes are the largest of the encoder's outputs, one for each codeword; it searches no codebook"),
        new("VQ-VAE", "codebook.weight", 2, BuildSingle("codebook.weight"))
        {
            AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix),
        },
        // XTTS, Tortoise and IndexTTS, and VQ-VAE-2, keep a codeword in a column.
        new("DVAE", "codebook.embed", 2, static (tensors, hints) => Column(tensors, hints, "codebook.embed", "codebook.cluster_size"))
        {
            AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix),
            Fits = static (tensors, _) => tensors.Has("codebook.cluster_size"),
        },
        new("VQ-VAE-2", "embed", 2, static (tensors, hints) => Column(tensors, hints, "embed", "cluster_size"))
        {
            AllowsPrefix = NamesAQuantizer,
            Fits = static (tensors, _) => tensors.Has("cluster_size"),
        },
        new("VQ-VAE", "e_i_ts", 2, static (tensors, hints) => Column(tensors, hints, "e_i_ts", "N_i_ts.hidden"))
        {
            AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix),
        },
        new("Jukebox", "k", 2, static (tensors, hints) => [new ResidualStack([hints.Stage(tensors.Codebook("k"))])])
        {
            AllowsPrefix = static prefix => CodecFamily.IsLayer(prefix) && prefix.Contains("level_blocks.", StringComparison.Ordinal),
            HasNumberedQuantizers = true,
        },
    ];

    /// <summary>The codecs that keep one codebook [K, D] under a quantizer's module.</summary>
    private static IEnumerable<CodecFamily> Single(string marker)
    {
        var plain = new CodecFamily("VQ-VAE", marker, 2, BuildSingle(marker)) { AllowsPrefix = NamesAQuantizer, IsBare = true };
        if (marker == Embedding)
        {
            // Only LlamaGen's, Janus's and BEATs' buffers and a config.json tell the first four; nothing tells IBQ.
            var unit = plain with { Build = BuildUnit };
            yield return unit with
            {
                Name = "LlamaGen",
                Fits = static (tensors, hints) => hints.Names("LlamaGen") || tensors.Has("codebook_used"),
            };
            yield return unit with
            {
                Name = "Janus",
                Fits = static (_, hints) => hints.Names("Janus") || hints.Config.ModelType == "janus",
            };
            yield return unit with
            {
                Name = "TiTok",
                Fits = static (_, hints) => hints.Names("TiTok") || hints.Config.UsesUnitCodewords == true,
            };
            yield return CodecFamily.Refused(
                "ViT-VQGAN", marker, 2,
                static (tensors, hints) => hints.Options is { UnitCodewords: null, Metric: null, Family: null }
                    && tensors.Beside("pre_quant.weight").Any(),
                "which normalises both sides of the search if its configuration has use_norm, as it has unless it says otherwise: "
                + "LoadOptions.UnitCodewords says true for that, false for a plain Euclidean codebook") with
            {
                AllowsPrefix = NamesAQuantizer,
            };
            yield return plain with
            {
                Name = "BEATs",
                Build = static (tensors, hints) => BuildWith(tensors, hints, SearchMetric.Cosine),
                Fits = static (tensors, _) => tensors.Has("embedding.initted"),
            };
            yield return plain with
            {
                Name = "IBQ",
                Build = static (tensors, hints) => BuildWith(tensors, hints, SearchMetric.InnerProduct),
                OnlyByName = true,
            };
        }

        yield return plain;
    }

    /// <summary>One codebook, through SimVQ's or MagiCodec's layer over its codewords where there is one.</summary>
    private static Func<CodecTensors, CodecHints, ResidualStack[]> BuildSingle(string marker) => (tensors, hints) =>
    {
        var codebook = tensors.Codebook(marker);
        var transform = tensors.Projection("embedding_proj") ?? tensors.Projection("codebook_proj");
        return [new ResidualStack([hints.Stage(transform is null ? codebook : CodewordTransform.Apply(codebook, transform))])];
    };

    private static ResidualStack[] BuildWith(CodecTensors tensors, CodecHints hints, SearchMetric metric)
        => [new ResidualStack([hints.Stage(tensors.Codebook(Embedding), metric: metric)])];

    private static ResidualStack[] BuildUnit(CodecTensors tensors, CodecHints hints)
    {
        tensors.Take("codebook_used");
        return [new ResidualStack([hints.Stage(tensors.Codebook(Embedding), unit: true)])];
    }

    private static ResidualStack[] Column(CodecTensors tensors, CodecHints hints, string name, string usage)
        => [new ResidualStack([hints.Stage(tensors.CodebookOfColumns(name, usage))])];

    private static ResidualStack[] BuildGroupedNemo(CodecTensors tensors, CodecHints hints)
    {
        var groups = new ResidualStack[tensors.LayerCount("rvqs.", $".{NemoCodebooks.Marker}")];
        for (var g = 0; g < groups.Length; g++)
        {
            groups[g] = NemoCodebooks.Build(tensors, hints, $"rvqs.{g}.");
        }

        return Groups.SideBySide(groups);
    }

    /// <summary>Whether an encoder beside a codebook ends in one channel for each codeword.</summary>
    private static bool GivesLogits(CodecTensors tensors)
        => tensors.Find("codebook.weight") is { } codebook
            && tensors.Named("encoder.").Any(tensor => tensor.Shape is [var outputs, _, _, _] && outputs == codebook.Shape[0]);

    /// <summary>Two parts of the frame at two levels; codes g0r0, g1r0, g0r1, g1r1.</summary>
    private static ResidualStack[] BuildHiFi(CodecTensors tensors, CodecHints hints)
    {
        var levels = new List<Codebook[]>();
        for (var level = 1; level == 1 || tensors.Has($"{Levels}{level}.0.{Embedding}"); level++)
        {
            var name = level == 1 ? Levels : $"{Levels}{level}";
            var parts = tensors.LayerCount($"{name}.", $".{Embedding}");
            levels.Add([.. Enumerable.Range(0, parts).Select(part => tensors.Codebook($"{name}.{part}.{Embedding}"))]);
        }

        return [Groups.LevelByLevel([.. levels], hints)];
    }

    /// <summary>
    /// kakao's RQ-VAE keeps one row more than it has codewords, for padding; its usage tells the number. Others have the same names and no
    /// such row.
    /// </summary>
    private static ResidualStack[] BuildKakao(CodecTensors tensors, CodecHints hints)
    {
        var stages = new Stage[tensors.LayerCount("codebooks.", ".weight")];
        for (var i = 0; i < stages.Length; i++)
        {
            stages[i] = hints.Stage(tensors.CodebookOfUsedRows($"codebooks.{i}.weight", $"codebooks.{i}.cluster_size_ema"));
        }

        return [new ResidualStack(stages)];
    }

    /// <summary>
    /// Tables of embeddings are everywhere; one is a codebook if its own module is called so, or if it stands alone in its file.
    /// </summary>
    private static bool NamesAQuantizer(string prefix)
        => prefix.Length == 0 || QuantizerScope.NamesAQuantizer(prefix.Split('.')[^2]);
}
