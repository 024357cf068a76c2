namespace Rvq.Checkpoints;

/// <summary>
/// vector-quantize-pytorch: ResidualVQ with projections once around all stages, GroupedResidualVQ (each group quantizes its part of
/// the frame), and VectorQuantize. Cosine search is the caller's word, since the names do not tell.
/// </summary>
internal static class ResidualVqFamily
{
    // A group's stack selects its part of the frame with a matrix that is mostly zeros; together they grow with the square of the frame.
    private const int MaxSelectionValues = 1 << 24;

    private const string Layers = "layers.";
    private const string Embed = "._codebook.embed";

    public static readonly CodecFamily[] Rows =
    [
        new("ResidualVQ", "rvqs.0.layers.0._codebook.embed", 0, BuildGrouped),
        new("ResidualVQ", "layers.0._codebook.embed", 0, (tensors, hints) => [BuildStack(tensors, hints, "")]),
        new("VQ-VAE", "_codebook.embed", 0, BuildSingle) { AllowsPrefix = static prefix => !CodecFamily.IsLayer(prefix) },
    ];

    private static ResidualStack[] BuildSingle(CodecTensors tensors, CodecHints hints)
        => [new ResidualStack([BuildStage(tensors, hints, "_codebook.")], tensors.Projection("project_in"), tensors.Projection("project_out"))];

    private static ResidualStack BuildStack(CodecTensors tensors, CodecHints hints, string group)
    {
        if (tensors.Find($"{group}mlps.0.proj_in.weight") is { } implicitCodebook)
        {
            throw implicitCodebook.Invalid("belongs to implicit neural codebooks, which cannot be used.");
        }

        var stages = new Stage[tensors.LayerCount(group + Layers, Embed)];
        for (var i = 0; i < stages.Length; i++)
        {
            stages[i] = BuildStage(tensors, hints, $"{group}{Layers}{i}._codebook.");
        }

        return new ResidualStack(stages, tensors.Projection($"{group}project_in"), tensors.Projection($"{group}project_out"));
    }

    private static Stage BuildStage(CodecTensors tensors, CodecHints hints, string name)
    {
        if (tensors.Find($"{name}codebook_mean") is { } affine)
        {
            throw affine.Invalid("belongs to a codebook with affine_param, which cannot be used.");
        }

        return new Stage(tensors.Codebook($"{name}embed"), metric: hints.Options.Metric ?? SearchMetric.Euclidean);
    }

    private static ResidualStack[] BuildGrouped(CodecTensors tensors, CodecHints hints)
    {
        var groups = new ResidualStack[tensors.LayerCount("rvqs.", $".{Layers}0{Embed}")];
        for (var g = 0; g < groups.Length; g++)
        {
            groups[g] = BuildStack(tensors, hints, $"rvqs.{g}.");
        }

        var dimensions = groups.Sum(group => (long)group.Dimensions);
        var inner = groups.Sum(group => (long)group.Stages[0].Dimensions);
        if ((Int128)dimensions * inner > MaxSelectionValues)
        {
            throw new InvalidDataException(
                $"The {groups.Length} groups have {dimensions} dimensions outside and {inner} inside; a product of at most {MaxSelectionValues} is read.");
        }

        for (var (g, start) = (0, 0); g < groups.Length; g++)
        {
            var group = groups[g];
            groups[g] = new ResidualStack(
                group.Stages,
                Widen(group, group.InputProjection, start, (int)dimensions, input: true),
                Widen(group, group.OutputProjection, start, (int)dimensions, input: false));
            start += group.Dimensions;
        }

        return groups;
    }

    /// <summary>A projection between the whole frame and the group's stages: the group's own, with zeros for the rest of the frame.</summary>
    private static Projection Widen(ResidualStack group, Projection? own, int start, int dimensions, bool input)
    {
        var inner = group.Stages[0].Dimensions;
        var weight = new float[inner * dimensions];
        for (var i = 0; i < inner; i++)
        {
            for (var d = 0; d < group.Dimensions; d++)
            {
                var value = own is null ? (i == d ? 1 : 0) : input ? own.Weight[(i * own.Inputs) + d] : own.Weight[(d * own.Inputs) + i];
                weight[input ? (i * dimensions) + start + d : ((start + d) * inner) + i] = value;
            }
        }

        var bias = own is null || own.Bias.IsEmpty ? [] : new float[input ? inner : dimensions];
        if (bias.Length > 0)
        {
            own!.Bias.CopyTo(bias.AsSpan(input ? 0 : start));
        }

        return new Projection(weight, input ? dimensions : inner, bias);
    }
}
