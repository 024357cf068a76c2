namespace Rvq.Checkpoints;

/// <summary>
/// How a codec names the layers of a residual stack: <paramref name="Before"/> + number + <paramref name="After"/> is a layer's codebook
/// [K, D], and what may lie around it.
/// </summary>
/// <param name="Before">What stands before a layer's number.</param>
/// <param name="After">What stands behind it, up to the codebook.</param>
internal sealed record ResidualNames(string Before, string After)
{
    public SearchMetric Metric { get; init; }

    /// <summary>Projections around each layer; the first names that are there count.</summary>
    public ProjectionNames[] AroundLayer { get; init; } = [];

    /// <summary>Projections around all layers.</summary>
    public ProjectionNames[] AroundAll { get; init; } = [];

    /// <summary>Whether a layer without projections is not this codec's.</summary>
    public bool NeedsProjections { get; init; }

    /// <summary>Whether codebooks lie as [D, K].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>A linear layer of each layer over its codewords (SimVQ), folded into them; or null.</summary>
    public string? Transform { get; init; }

    public string Marker => Codebook(0);

    public string Codebook(int layer) => $"{Before}{layer}{After}";

    /// <summary>A row of the table of codecs.</summary>
    public CodecFamily Family(string name, int rank = 2) => new(name, Marker, rank, (tensors, hints) => [Build(tensors, hints)]);

    public int Count(CodecTensors tensors, string at = "") => tensors.LayerCount(at + Before, After);

    /// <summary>The stack of all layers.</summary>
    /// <param name="tensors">The quantizer.</param>
    /// <param name="hints">What is known beside it.</param>
    /// <param name="at">What stands before the names, for one of several stacks.</param>
    public ResidualStack Build(CodecTensors tensors, CodecHints hints, string at = "")
    {
        var (input, output) = tensors.Projections(AroundAll, at);
        return new ResidualStack(Stages(tensors, hints, at), input, output);
    }

    /// <summary>The stages of all layers.</summary>
    public Stage[] Stages(CodecTensors tensors, CodecHints hints, string at = "", Func<int, int>? stride = null)
    {
        var stages = new Stage[Count(tensors, at)];
        for (var i = 0; i < stages.Length; i++)
        {
            var layer = $"{at}{Before}{i}.";
            var codebook = IsTransposed ? tensors.TransposedCodebook(at + Codebook(i)) : tensors.Codebook(at + Codebook(i));
            if (Transform is not null && tensors.Projection(layer + Transform) is { } transform)
            {
                codebook = CodewordTransform.Apply(codebook, transform);
            }

            var (input, output) = tensors.Projections(AroundLayer, layer);
            if (NeedsProjections)
            {
                _ = input ?? tensors.RequireProjection(layer + AroundLayer[0].In);
                _ = output ?? tensors.RequireProjection(layer + AroundLayer[0].Out);
            }

            stages[i] = hints.Stage(codebook, input, output, Metric, stride: stride?.Invoke(i) ?? 1);
        }

        return stages;
    }
}
