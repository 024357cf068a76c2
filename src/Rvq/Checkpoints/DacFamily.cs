namespace Rvq.Checkpoints;

/// <summary>
/// DAC and what descends from it: projections with bias around every stage, search by angle, raw rows decoded.
/// </summary>
internal static class DacFamily
{
    private const string FactorizedCodebook = "codebook.weight";

    private static readonly ProjectionNames[] Projections = [ProjectionNames.Proj, ProjectionNames.InProject];

    private static readonly ResidualNames Dac = new("quantizers.", ".codebook.weight")
    {
        Metric = SearchMetric.Cosine,
        AroundLayer = Projections,
        NeedsProjections = true,
    };

    private static readonly ResidualNames BigCodec = new("layers.", "._codebook.weight")
    {
        Metric = SearchMetric.Cosine,
        AroundLayer = Projections,
        NeedsProjections = true,
    };

    public static readonly CodecFamily[] Rows =
    [
        // Fish S1-DAC: the semantic codebook is the first of the chain.
        new("Fish S1-DAC", $"semantic_quantizer.{Dac.Marker}", 2, BuildFish)
        {
            Beside = ["downsample.", "upsample.", "pre_module.", "post_module."],
        },
        new("FACodec", $"0.{BigCodec.Marker}", 2, BuildFaCodec)
        {
            Fits = static (tensors, _) => tensors.Has($"1.{BigCodec.Marker}") && tensors.Has($"2.{BigCodec.Marker}"),
        },
        // MOSS has projections around the whole; its config.json tells the metric, or LoadOptions.Metric.
        new("MOSS-Audio-Tokenizer", Dac.Marker, 2, BuildMoss)
        {
            Fits = static (tensors, _) => tensors.HasProjection(ProjectionNames.InputProj.In),
        },
        // DAC, MaskGCT, stable-audio-tools; SNAC, whose strides stand in its config.json.
        new("DAC", Dac.Marker, 2, BuildDac),
        BigCodec.Family("BigCodec"),
        // Spark-TTS's BiCodec, SAC: one stage.
        new("BiCodec", FactorizedCodebook, 2, BuildFactorized)
        {
            Fits = static (tensors, _) => Projections.Any(names => tensors.HasProjection(names.In)),
        },
    ];

    private static ResidualStack[] BuildDac(CodecTensors tensors, CodecHints hints)
    {
        var count = Dac.Count(tensors);
        var strides = hints.Config.Strides;
        if (strides is not null && strides.Length != count)
        {
            throw new InvalidDataException($"config.json has {strides.Length} vq_strides, but the file has {count} codebooks.");
        }

        strides ??= StridesOfPublished(tensors, hints, count);
        return [new ResidualStack(Dac.Stages(tensors, hints, stride: strides is null ? null : layer => strides[layer]))];
    }

    private static ResidualStack[] BuildMoss(CodecTensors tensors, CodecHints hints)
    {
        var metric = hints.Config.QuantizerType switch
        {
            "rvq" => SearchMetric.Euclidean,
            "rlfq" or "random_prefix_rlfq" => SearchMetric.Cosine,
            { } type => throw new InvalidDataException(
                $"config.json has the quantizer_type {TensorEntry.Quote(type)}; rlfq, random_prefix_rlfq and rvq are known."),
            null => hints.Options.Metric ?? throw new InvalidDataException(
                "MOSS-Audio-Tokenizer's codebooks are searched by cosine (quantizer_type rlfq) or by Euclidean distance (rvq), "
                + "and only its config.json tells; none beside the file does. LoadOptions.Metric says which."),
        };
        return [(Dac with { Metric = metric, AroundAll = [ProjectionNames.InputProj] }).Build(tensors, hints)];
    }

    /// <summary>Strides of a published size; where there is none, a SNAC without its config.json cannot be told from a DAC.</summary>
    private static int[]? StridesOfPublished(CodecTensors tensors, CodecHints hints, int count)
    {
        var input = Projections.Select(names => tensors.ShapeOfProjection($"quantizers.0.{names.In}"))
            .FirstOrDefault(shape => shape is not null);
        var shape = tensors.Require(Dac.Marker).Shape;
        var published = input is null
            ? null
            : PublishedCodec.Find("DAC", count, shape[0], shape[1], input.Value.Inputs, hints.Config.SampleRate);
        if (published is null && !hints.Config.IsKnown && count > 1)
        {
            hints.Warn(
                "DAC and SNAC have the same tensor names, and the sizes are those of no published model: it is read as a DAC, "
                + "every codebook at the full rate. "
                + "If it is a SNAC, put its config.json with vq_strides beside the file.");
        }

        return published?.Strides;
    }

    private static ResidualStack[] BuildFish(CodecTensors tensors, CodecHints hints)
        => [new ResidualStack([.. Dac.Stages(tensors, hints, "semantic_quantizer."), .. Dac.Stages(tensors, hints, "quantizer.")])];

    /// <summary>Prosody and content are stacks that see the frame, the third sees what they leave.</summary>
    private static ResidualStack[] BuildFaCodec(CodecTensors tensors, CodecHints hints)
    {
        const int Stacks = 3;
        var stages = new List<(Stage Stage, int Sees, bool TakesFromIt)>();
        for (var stack = 0; stack < Stacks; stack++)
        {
            stages.AddRange(BigCodec.Stages(tensors, hints, $"{stack}.").Select(stage => (stage, stack, stack < Stacks - 1)));
        }

        return [FrameAndResidual.Stack(stages[0].Stage.Dimensions, Stacks, [.. stages])];
    }

    private static ResidualStack[] BuildFactorized(CodecTensors tensors, CodecHints hints)
    {
        var (input, output) = tensors.Projections(Projections, "");
        return [new ResidualStack([hints.Stage(tensors.Codebook(FactorizedCodebook), input, output, SearchMetric.Cosine)])];
    }
}
