namespace Rvq.Checkpoints;

/// <summary>
/// EnCodec and the codecs that name residual stacks of Euclidean codebooks likewise: one <c>embed</c> [K, D] a layer, used as it is, never
/// <c>embed_avg</c> / <c>cluster_size</c>; linear layers around a codebook where they are there.
/// </summary>
internal static class EncodecFamily
{
    private const string LanguageCodec = "Language-Codec";

    private static readonly ResidualNames Original = new("vq.layers.", "._codebook.embed") { AroundLayer = [ProjectionNames.Project] };

    public static readonly CodecFamily[] Rows =
    [
        new(LanguageCodec, Original.Marker, 2, BuildLanguageCodec)
        {
            Fits = static (tensors, hints) => hints.Names(LanguageCodec)
                || (tensors.Prefix.EndsWith("feature_extractor.encodec.quantizer.", StringComparison.Ordinal)
                    && Original.Count(tensors) == 4 && hints.Options.Metric is null),
        },
        // FunCodec: one tensor of all codebooks, or EnCodec's layers; linear layers around the whole. The range of a tanh stands in its
        // config only.
        new("FunCodec", "rq.model.embed", 3, (tensors, hints) => [BuildStacked(tensors, hints, "rq.model.")]),
        new ResidualNames("rq.model.layers.", "._codebook.embed")
        {
            AroundLayer = [ProjectionNames.Project],
            AroundAll = [ProjectionNames.InputProj],
        }.Family("FunCodec"),
        // Qwen3-TTS at 25 Hz: FunCodec's tensor in a list of groups, of which there is one.
        new("Qwen3-TTS 25 Hz", "rvqs.0.embed", 3, (tensors, hints) => [BuildStacked(tensors, hints, "rvqs.0.")]),
        // EnCodec, SpeechTokenizer, audiocraft, X-Codec, GPT-SoVITS, MiMo-Audio, WavTokenizer, Higgs audio v2 (with layers around each
        // codebook).
        Original.Family("EnCodec"),
        // Hugging Face's EnCodec, and Lyra's converted codebooks.
        new ResidualNames("layers.", ".codebook.embed") { AroundLayer = [ProjectionNames.Project] }.Family("EnCodec"),
        // Hugging Face's X-Codec and Higgs audio v2; Amphion's plain codebooks.
        new ResidualNames("quantizers.", ".codebook.embed")
        {
            AroundLayer = [ProjectionNames.Project, ProjectionNames.InProject],
        }.Family("X-Codec"),
        // AudioDec keeps a codeword in a column.
        new ResidualNames("codebook.layers.", ".embed") { IsTransposed = true }.Family("AudioDec"),
        // XY-Tokenizer (MOSS-TTSD) and FireRedTTS-2.
        new ResidualNames("quantizers.", ".codebook")
        {
            AroundLayer = [ProjectionNames.InProject, ProjectionNames.ProjIn],
            AroundAll = [ProjectionNames.InputProj],
        }.Family("XY-Tokenizer"),
    ];

    /// <summary>FunCodec's embed [N, K, D].</summary>
    private static ResidualStack BuildStacked(CodecTensors tensors, CodecHints hints, string at)
    {
        var codebooks = tensors.Codebooks($"{at}embed");
        var stages = new Stage[codebooks.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            var (layerIn, layerOut) = tensors.Projections([ProjectionNames.Project], $"{at}layers.{i}.");
            stages[i] = hints.Stage(codebooks[i], layerIn, layerOut);
        }

        var (input, output) = tensors.Projections([ProjectionNames.InputProj], "");
        return new ResidualStack(stages, input, output);
    }

    /// <summary>
    /// Language-Codec has the names of EnCodec, but its stages 0, 1 and 2 each see the frame itself and a third of its channels; the rest
    /// see what these leave.
    /// </summary>
    private static ResidualStack[] BuildLanguageCodec(CodecTensors tensors, CodecHints hints)
    {
        const int Parts = 3;
        if (!hints.Names(LanguageCodec))
        {
            throw new InvalidDataException(
                $"Four codebooks under {TensorEntry.Quote(tensors.Prefix)} are those of Language-Codec, whose first three see a third of "
                + "the channels each, or of an EnCodec or WavTokenizer with as many; the names do not tell. LoadOptions.Family "
                + "\"Language-Codec\" or \"EnCodec\" does.");
        }

        var stages = Original.Stages(tensors, hints);
        var dimensions = stages[0].Dimensions;
        FrameAndResidual.ThrowIfTooLarge(dimensions, stages.Length);
        return
        [
            FrameAndResidual.Stack(
                dimensions, 2, [.. stages.Select((stage, m) => m < Parts ? (Masked(stage, m, dimensions), 0, false) : (stage, 1, false))]),
        ];

        static Stage Masked(Stage stage, int part, int dimensions)
        {
            var weight = new float[dimensions * dimensions];
            for (var d = part * dimensions / Parts; d < (part + 1) * dimensions / Parts; d++)
            {
                weight[(d * dimensions) + d] = 1;
            }

            return new Stage(stage.Codebook, new Projection(weight, dimensions), stage.OutputProjection, stage.Metric);
        }
    }
}
