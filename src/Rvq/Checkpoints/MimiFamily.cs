namespace Rvq.Checkpoints;

/// <summary>
/// Mimi: a semantic and an acoustic stack over the same frame, each inside its own projections; codebooks are kept as sums and usage.
/// Kyutai's names, with the aliases that its loader accepts, and Hugging Face's.
/// </summary>
internal static class MimiFamily
{
    private static readonly string[] SumNames = ["embedding_sum", "embed_sum", "embed_avg"];
    private static readonly string[] UsageNames = ["cluster_usage", "cluster_size"];

    public static readonly CodecFamily[] Rows =
    [
        .. SumNames.Select(sum => new CodecFamily("Mimi", $"rvq_first.vq.layers.0._codebook.{sum}", 2, BuildOriginal)),
        .. SumNames.Select(sum => new CodecFamily("Mimi", $"semantic_residual_vector_quantizer.layers.0.codebook.{sum}", 2, BuildHuggingFace)),
    ];

    private static ResidualStack[] BuildOriginal(CodecTensors tensors, CodecHints hints)
        => Build(tensors, hints, ["rvq_first", "rvq_rest"], ".vq.layers.", "._codebook.");

    private static ResidualStack[] BuildHuggingFace(CodecTensors tensors, CodecHints hints)
        => Build(tensors, hints, ["semantic_residual_vector_quantizer", "acoustic_residual_vector_quantizer"], ".layers.", ".codebook.");

    private static ResidualStack[] Build(CodecTensors tensors, CodecHints hints, string[] groups, string layers, string codebook)
    {
        var stacks = new List<ResidualStack>();
        foreach (var group in groups)
        {
            var sum = SumNames.FirstOrDefault(name => tensors.Has($"{group}{layers}0{codebook}{name}"), SumNames[0]);
            var usage = UsageNames.FirstOrDefault(name => tensors.Has($"{group}{layers}0{codebook}{name}"), UsageNames[0]);
            var stages = new Stage[tensors.LayerCount($"{group}{layers}", $"{codebook}{sum}")];
            for (var i = 0; i < stages.Length; i++)
            {
                var name = $"{group}{layers}{i}{codebook}";
                stages[i] = new Stage(tensors.MeanCodebook(name + sum, name + usage), metric: hints.Options.Metric ?? SearchMetric.Euclidean);
            }

            // A file cut to its semantic codebook has no acoustic stack.
            if (stages.Length > 0)
            {
                stacks.Add(new ResidualStack(stages, tensors.Projection($"{group}.input_proj"), tensors.Projection($"{group}.output_proj")));
            }
        }

        return [.. stacks];
    }
}
