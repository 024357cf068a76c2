namespace Rvq.Checkpoints;

/// <summary>
/// DAC and SNAC: projections with bias around every stage, search by angle, raw rows decoded. SNAC's strides stand in its config.json;
/// without one they are taken from the published sizes.
/// </summary>
internal static class DacFamily
{
    public static readonly CodecFamily[] Rows = [new("DAC", "quantizers.0.codebook.weight", 2, Build)];

    private static ResidualStack[] Build(CodecTensors tensors, CodecHints hints)
    {
        var count = tensors.LayerCount("quantizers.", ".codebook.weight");
        var strides = hints.Config.Strides;
        if (strides is not null && strides.Length != count)
        {
            throw new InvalidDataException($"config.json has {strides.Length} vq_strides, but the file has {count} codebooks.");
        }

        var stages = new Stage[count];
        for (var i = 0; i < count; i++)
        {
            var name = $"quantizers.{i}";
            var codebook = tensors.Codebook($"{name}.codebook.weight");
            var input = tensors.RequireProjection($"{name}.in_proj");
            strides ??= PublishedCodec.Find("DAC", count, codebook, input.Inputs)?.Strides ?? [.. Enumerable.Repeat(1, count)];
            stages[i] = new Stage(
                codebook, input, tensors.RequireProjection($"{name}.out_proj"), hints.Options.Metric ?? SearchMetric.Cosine, strides[i]);
        }

        return [new ResidualStack(stages)];
    }
}
