namespace Rvq.Checkpoints;

/// <summary>
/// Mimi: a semantic and an acoustic stack over the same frame, each inside its own projections; codebooks are kept as sums and usage, or
/// folded as <c>embed</c>. Kyutai's names, with the aliases that its loader accepts, MLX's, and Hugging Face's.
/// </summary>
internal sealed record MimiFamily(string Semantic, string Acoustic, string Layers, string Codebook)
{
    private const string Folded = "embed";

    private static readonly string[] SumNames = ["embedding_sum", "embed_sum", "embed_avg", Folded];
    private static readonly string[] UsageNames = ["cluster_usage", "cluster_size"];

    private static readonly MimiFamily Original = new("rvq_first", "rvq_rest", ".vq.layers.", "._codebook.");
    private static readonly MimiFamily Mlx = Original with { Codebook = ".codebook." };
    private static readonly MimiFamily HuggingFace
        = new("semantic_residual_vector_quantizer", "acoustic_residual_vector_quantizer", ".layers.", ".codebook.");

    public static readonly CodecFamily[] Rows =
    [
        // One file with Hugging Face's Mimi under encoder. and Kyutai's under decoder.
        new("Qwen3-TTS", $"encoder.quantizer.{HuggingFace.Marker(SumNames[1])}", 2, BuildQwen)
        {
            Fits = static (tensors, _) => tensors.Has($"decoder.quantizer.{Original.Marker(SumNames[0])}"),
        },
        .. new[] { Original, Mlx, HuggingFace }.SelectMany(names => SumNames.Select(sum =>
            new CodecFamily("Mimi", names.Marker(sum), 2, (tensors, hints) => [.. names.Build(tensors, hints, "")]))),
        // Voxtral's acoustic codes are finite scalar quantization; the semantic codebook is alone.
        new("Voxtral", "semantic_codebook.embedding_sum", 2, static (tensors, hints) =>
            [new ResidualStack([hints.Stage(tensors.MeanCodebook("semantic_codebook.embedding_sum", "semantic_codebook.cluster_usage"))])]),
    ];

    private string Marker(string sum) => $"{Semantic}{Layers}0{Codebook}{sum}";

    private List<ResidualStack> Build(CodecTensors tensors, CodecHints hints, string at)
    {
        var stacks = new List<ResidualStack>();
        foreach (var group in new[] { at + Semantic, at + Acoustic })
        {
            var first = $"{group}{Layers}0{Codebook}";
            var sum = SumNames.FirstOrDefault(name => tensors.Has(first + name), SumNames[0]);
            var usage = UsageNames.FirstOrDefault(name => tensors.Has(first + name), UsageNames[0]);
            var stages = new Stage[tensors.LayerCount($"{group}{Layers}", $"{Codebook}{sum}")];
            for (var i = 0; i < stages.Length; i++)
            {
                var name = $"{group}{Layers}{i}{Codebook}";
                stages[i] = hints.Stage(sum == Folded ? tensors.Codebook(name + sum) : tensors.MeanCodebook(name + sum, name + usage));
            }

            // A file cut to its semantic codebook has no acoustic stack.
            if (stages.Length > 0)
            {
                var (input, output) = (tensors.Projection($"{group}.input_proj"), tensors.Projection($"{group}.output_proj"));
                stacks.Add(new ResidualStack(stages, input, output));
            }
        }

        return stacks;
    }

    /// <summary>
    /// Qwen3-TTS at 12.5 Hz searches with the encoder's tensors, of which it uses as many codebooks as the decoder has, and decodes with
    /// the decoder's output projections; the decoder's input projections are in the file, but no code uses them. One model can do both
    /// where the codebooks are the same.
    /// </summary>
    private static ResidualStack[] BuildQwen(CodecTensors tensors, CodecHints hints)
    {
        var encoder = HuggingFace.Build(tensors, hints, "encoder.quantizer.");
        var decoder = Original.Build(tensors, hints, "decoder.quantizer.");
        var left = hints.Config.ValidQuantizers ?? decoder.Sum(stack => stack.Stages.Length);
        var stacks = new List<ResidualStack>();
        for (var s = 0; s < encoder.Count && left > 0; left -= encoder[s++].Stages.Length)
        {
            var stages = encoder[s].Stages[..Math.Min(left, encoder[s].Stages.Length)];
            if (s >= decoder.Count || decoder[s].Stages.Length < stages.Length)
            {
                throw new InvalidDataException($"The encoder uses {stages.Length} codebooks of stack {s}, but the decoder has fewer.");
            }

            for (var i = 0; i < stages.Length; i++)
            {
                if (!SameCodewords(stages[i].Codebook, decoder[s].Stages[i].Codebook))
                {
                    throw new InvalidDataException(
                        $"Codebook {i} of stack {s} is another one in the encoder than in the decoder, so that no one model does both. "
                        + "LoadOptions.Prefix \"encoder.\" gives the codes, \"decoder.\" the frames.");
                }
            }

            stacks.Add(new ResidualStack(stages, encoder[s].InputProjection, decoder[s].OutputProjection));
        }

        return [.. stacks];
    }

    private static bool SameCodewords(Codebook a, Codebook b)
    {
        var same = a.Size == b.Size && a.Dimensions == b.Dimensions;
        for (var code = 0; same && code < a.Size; code++)
        {
            same = a[code].SequenceEqual(b[code]);
        }

        return same;
    }
}
