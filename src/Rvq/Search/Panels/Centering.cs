using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// The vector μ that kernels subtract from a codebook and from residuals before they score, and the norms of the centered codewords: the
/// mean of the codewords where that makes them much shorter, or zero.
/// </summary>
internal sealed unsafe class Centering
{
    // Where ‖mean‖² is a smaller share of the mean of ‖c‖² than this, subtracting it from every residual costs more than it saves.
    private const double WorthwhileShare = 0.05;

    private readonly AlignedBuffer<float> _center;

    /// <param name="table">The codebook.</param>
    /// <param name="atZero">Whether μ is zero in any case.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Centering(SearchTable table, bool atZero = false)
    {
        _center = new AlignedBuffer<float>(table.Stride);
        IsZero = atZero || !table.HasHalfNorms || !Average(table);
        HalfNorms = new double[table.Size];
        Norms = new double[table.Size];
        LargestRawNorm = table.LargestNorm;
        for (var code = 0; code < table.Size; code++)
        {
            var squared = SquaredDistance(table.Row(code), Center, table.Stride);
            HalfNorms[code] = table.HasHalfNorms ? 0.5 * squared : 0;
            Norms[code] = Math.Sqrt(squared);
            LargestNorm = Math.Max(LargestNorm, Norms[code]);
            LargestHalfNorm = Math.Max(LargestHalfNorm, HalfNorms[code]);
        }
    }

    /// <summary>μ, padded.</summary>
    public float* Center => _center.Pointer;

    public bool IsZero { get; }

    /// <summary>½‖c − μ‖² in binary64; zeros for metrics without half norms.</summary>
    public double[] HalfNorms { get; }

    /// <summary>‖c − μ‖ in binary64.</summary>
    public double[] Norms { get; }

    /// <summary>The largest of <see cref="Norms"/>.</summary>
    public double LargestNorm { get; }

    /// <summary>An upper bound of ‖c‖.</summary>
    public double LargestRawNorm { get; }

    /// <summary>The largest of <see cref="HalfNorms"/>.</summary>
    public double LargestHalfNorm { get; }

    /// <summary>Makes the mean μ if that is worthwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Average(SearchTable table)
    {
        var mean = new AlignedBuffer<double>(table.Stride);
        double total = 0;
        for (var code = 0; code < table.Size; code++)
        {
            Add(table.Row(code), mean.Pointer, table.Stride);
            total += 2 * table.HalfNorms[code] / table.Size;
        }

        double meanSquare = 0;
        for (var i = 0; i < table.Stride; i++)
        {
            mean.Pointer[i] /= table.Size;
            meanSquare += mean.Pointer[i] * mean.Pointer[i];
        }

        if (table.Size == 1 || meanSquare < WorthwhileShare * total)
        {
            return false;
        }

        for (var i = 0; i < table.Stride; i++)
        {
            Center[i] = (float)mean.Pointer[i];
        }

        GC.KeepAlive(mean);
        return true;
    }

    [MethodImpl(InnerLoop.Options)]
    private static void Add(float* row, double* sums, int paddedLength)
    {
        for (var i = 0; i < paddedLength; i += Vector256<float>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Load(row + i));
            (Vector256.Load(sums + i) + low).Store(sums + i);
            (Vector256.Load(sums + i + 4) + high).Store(sums + i + 4);
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static double SquaredDistance(float* row, float* center, int paddedLength)
    {
        Vector256<double> even = Vector256<double>.Zero, odd = even;
        for (var i = 0; i < paddedLength; i += Vector256<float>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Load(row + i));
            var (lowCenter, highCenter) = Vector256.Widen(Vector256.Load(center + i));
            even += (low - lowCenter) * (low - lowCenter);
            odd += (high - highCenter) * (high - highCenter);
        }

        return Vector256.Sum(even + odd);
    }
}
