namespace Rvq.Training;

/// <summary>Finds the nearest codeword of every input, by the package's own search.</summary>
internal sealed class Assignment(Codebook codebook, SearchMetric metric, int threads)
{
    /// <summary>The rows that are looked at together: few enough to stay in a cache, many enough for every codeword to have some.</summary>
    public const int ChunkRows = 1 << 13;

    private readonly Quantizer _quantizer = new(
        new RvqModel(new ResidualStack([new Stage(codebook, metric: metric)])), new QuantizerOptions { MaxDegreeOfParallelism = threads });

    /// <param name="inputs">[T, D].</param>
    /// <param name="codes">Receives the codes, [T].</param>
    public void Nearest(ReadOnlySpan<float> inputs, Span<int> codes) => _quantizer.Encode(inputs, codes);
}
