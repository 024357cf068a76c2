using System.Numerics.Tensors;

namespace Rvq.Benchmarks.Shapes;

/// <summary>Rough, seeded training, enough for codebooks whose codewords lie where the residuals do.</summary>
internal static class StageTrainer
{
    /// <summary>Lloyd's iterations from sampled points; with 0 of them the codewords are the sampled points, moved a little.</summary>
    public static float[] Codebook(float[] points, int dimensions, int size, int iterations, bool cosine, Random random)
    {
        var count = points.Length / dimensions;
        var order = Enumerable.Range(0, count).ToArray();
        random.Shuffle(order);
        var codewords = new float[size * dimensions];
        for (var code = 0; code < size; code++)
        {
            var codeword = codewords.AsSpan(code * dimensions, dimensions);
            points.AsSpan(order[code % count] * dimensions, dimensions).CopyTo(codeword);
            TensorPrimitives.Multiply(codeword, 0.8f + 0.2f * random.NextSingle(), codeword);
        }

        for (var i = 0; i < iterations; i++)
        {
            var codes = Assign(points, codewords, dimensions, cosine);
            MoveToMeans(points, codes, codewords, dimensions);
        }

        return codewords;
    }

    /// <summary>The best codeword of each point.</summary>
    public static int[] Assign(float[] points, float[] codewords, int dimensions, bool cosine)
    {
        var (scale, halfNorm) = Scales(codewords, dimensions, cosine);
        var codes = new int[points.Length / dimensions];
        Parallel.For(0, codes.Length, i =>
        {
            var point = points.AsSpan(i * dimensions, dimensions);
            var best = float.NegativeInfinity;
            for (var code = 0; code < scale.Length; code++)
            {
                var score = TensorPrimitives.Dot(point, codewords.AsSpan(code * dimensions, dimensions)) * scale[code] - halfNorm[code];
                if (score > best)
                {
                    (best, codes[i]) = (score, code);
                }
            }
        });
        return codes;
    }

    /// <summary>Orthonormal rows [rank, D] near the main axes of the points, by subspace iteration.</summary>
    public static float[] MainAxes(float[] points, int dimensions, int rank, Random random)
    {
        var axes = new float[rank * dimensions];
        for (var i = 0; i < axes.Length; i++)
        {
            axes[i] = FrameSource.Gaussian(random);
        }

        Orthonormalize(axes, dimensions);
        for (var iteration = 0; iteration < 4; iteration++)
        {
            var next = new float[axes.Length];
            for (var i = 0; i < points.Length; i += dimensions)
            {
                var point = points.AsSpan(i, dimensions);
                for (var r = 0; r < axes.Length; r += dimensions)
                {
                    var row = next.AsSpan(r, dimensions);
                    TensorPrimitives.MultiplyAdd(point, TensorPrimitives.Dot(point, axes.AsSpan(r, dimensions)), row, row);
                }
            }

            Orthonormalize(next, dimensions);
            axes = next;
        }

        return axes;
    }

    private static void Orthonormalize(Span<float> rows, int dimensions)
    {
        for (var r = 0; r < rows.Length; r += dimensions)
        {
            var row = rows.Slice(r, dimensions);
            for (var q = 0; q < r; q += dimensions)
            {
                var other = rows.Slice(q, dimensions);
                TensorPrimitives.MultiplyAdd(other, -TensorPrimitives.Dot<float>(other, row), row, row);
            }

            TensorPrimitives.Divide(row, TensorPrimitives.Norm<float>(row), row);
        }
    }

    private static (float[] Scale, float[] HalfNorm) Scales(float[] codewords, int dimensions, bool cosine)
    {
        var scale = new float[codewords.Length / dimensions];
        var halfNorm = new float[scale.Length];
        for (var code = 0; code < scale.Length; code++)
        {
            var norm = TensorPrimitives.Norm(codewords.AsSpan(code * dimensions, dimensions));
            scale[code] = cosine ? 1 / MathF.Max(norm, 1e-12f) : 1;
            halfNorm[code] = cosine ? 0 : norm * norm / 2;
        }

        return (scale, halfNorm);
    }

    private static void MoveToMeans(float[] points, int[] codes, float[] codewords, int dimensions)
    {
        var counts = new int[codewords.Length / dimensions];
        var sums = new float[codewords.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            counts[codes[i]]++;
            var sum = sums.AsSpan(codes[i] * dimensions, dimensions);
            TensorPrimitives.Add(sum, points.AsSpan(i * dimensions, dimensions), sum);
        }

        for (var code = 0; code < counts.Length; code++)
        {
            if (counts[code] > 0)
            {
                TensorPrimitives.Divide(
                    sums.AsSpan(code * dimensions, dimensions), counts[code], codewords.AsSpan(code * dimensions, dimensions));
            }
        }
    }
}
