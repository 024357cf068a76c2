namespace Rvq.Tests;

/// <summary>The definition of codes and frames, in double precision and nothing else. All kernels are held to it.</summary>
internal static partial class Oracle
{
    /// <summary>⟨a, b⟩: eight interleaved sums, then ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).</summary>
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<double> s = stackalloc double[8];
        s.Clear();
        for (var i = 0; i < a.Length; i++)
        {
            s[i % 8] += (double)a[i] * b[i];
        }

        return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    }

    /// <summary>The score of codeword k: ½⟨c, c⟩ − ⟨r, c⟩, or what the metric makes of it.</summary>
    public static double Score(Codebook codebook, int k, ReadOnlySpan<float> residual, SearchMetric metric = SearchMetric.Euclidean)
        => metric switch
        {
            SearchMetric.Cosine => 0 - Dot(residual, Normalized(codebook[k])),
            SearchMetric.InnerProduct => 0 - Dot(residual, codebook[k]),
            _ => (0.5 * Dot(codebook[k], codebook[k])) - Dot(residual, codebook[k]),
        };

    /// <summary>The lowest k with the smallest score.</summary>
    public static int Nearest(Codebook codebook, ReadOnlySpan<float> residual, SearchMetric metric = SearchMetric.Euclidean)
    {
        var (code, best) = (0, double.PositiveInfinity);
        residual = metric == SearchMetric.NormalizedEuclidean ? Normalized(residual) : residual;
        for (var k = 0; k < codebook.Size; k++)
        {
            if (Score(codebook, k, residual, metric) is var score && score < best)
            {
                (code, best) = (k, score);
            }
        }

        return code;
    }

    /// <summary>W x + b in float32; the vector itself where there is no projection.</summary>
    public static float[] Project(Projection? projection, ReadOnlySpan<float> vector)
    {
        if (projection is null)
        {
            return vector.ToArray();
        }

        var result = new float[projection.Outputs];
        for (var o = 0; o < result.Length; o++)
        {
            var row = projection.Weight.Slice(o * projection.Inputs, projection.Inputs);
            result[o] = Chains(row, vector, projection.Bias.IsEmpty ? 0 : projection.Bias[o]);
        }

        return result;
    }

    /// <summary>
    /// Runs of eight, run q by fused multiply-adds to sum q mod 4, the first of which starts at the bias; then ((s0 + s1) + s2) + s3 of
    /// those that have inputs.
    /// </summary>
    private static float Chains(ReadOnlySpan<float> weights, ReadOnlySpan<float> vector, float bias)
    {
        float[] s = [bias, 0, 0, 0];
        for (var i = 0; i < weights.Length; i++)
        {
            s[i / 8 % 4] = MathF.FusedMultiplyAdd(weights[i], vector[i], s[i / 8 % 4]);
        }

        return s.Take((weights.Length + 7) / 8).Aggregate((a, b) => a + b);
    }

    private static float[] Normalized(ReadOnlySpan<float> row)
    {
        var norm = Math.Max(Math.Sqrt(Dot(row, row)), 1e-12);
        return [.. row.ToArray().Select(value => (float)(value / norm))];
    }

    private static float[] Sum(float[] a, float[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static float[] Difference(float[] a, ReadOnlySpan<float> b) => [.. a.Zip(b.ToArray(), (x, y) => x - y)];
}
