namespace Rvq.Training;

/// <summary>Finds the nearest codeword of every input, by the package's own search.</summary>
internal static class Assignment
{
    // A cancelled run stops between two chunks.
    private const int ChunkFrames = 1 << 14;

    public static void Nearest(ReadOnlySpan<float> inputs, Codebook codebook, SearchMetric metric, Span<int> codes, int threads, CancellationToken cancellation)
    {
        var model = new RvqModel(new ResidualStack([new Stage(codebook, metric: metric)]));
        var quantizer = new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = threads });
        for (var start = 0; start < codes.Length; start += ChunkFrames)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(ChunkFrames, codes.Length - start);
            quantizer.Encode(inputs.Slice(start * codebook.Dimensions, count * codebook.Dimensions), codes.Slice(start, count));
        }
    }
}
