using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>Finds the nearest codeword of every residual.</summary>
internal static class Assignment
{
    // Between two chunks a cancelled run can stop.
    private const int ChunkFrames = 1 << 16;

    public static void Nearest(ReadOnlySpan<float> residuals, Codebook codebook, Span<int> codes, int threads, CancellationToken cancellation)
    {
        var dimensions = codebook.Dimensions;
        for (var start = 0; start < codes.Length; start += ChunkFrames)
        {
            cancellation.ThrowIfCancellationRequested();
            var end = Math.Min(codes.Length, start + ChunkFrames);
            for (var frame = start; frame < end; frame++)
            {
                var residual = residuals.Slice(frame * dimensions, dimensions);
                var (best, bestScore) = (0, float.PositiveInfinity);
                for (var code = 0; code < codebook.Size; code++)
                {
                    var score = TensorPrimitives.Dot(codebook[code], codebook[code]) / 2 - TensorPrimitives.Dot(residual, codebook[code]);
                    if (score < bestScore)
                    {
                        (best, bestScore) = (code, score);
                    }
                }

                codes[frame] = best;
            }
        }

        _ = threads;
    }
}
