using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Benchmarks.Probes;

/// <summary>The core's peak of float32 multiply-adds, from registers alone: what no float32 search can exceed.</summary>
internal static class Peak
{
    private const int Repeats = 9;
    private const int Iterations = 4_000_000;
    private const int Chains = 12;

    public static void Print()
    {
        Console.WriteLine($"float32 multiply-add peak of one core: {GigaMultiplyAdds():F1} GMAC/s");
    }

    /// <summary>The best of all widths, in 10⁹ multiply-adds per second.</summary>
    public static double GigaMultiplyAdds()
    {
        var best = 0.0;
        for (var i = 0; i < Repeats; i++)
        {
            best = Math.Max(best, Rate(Vector256<float>.Count, Loop256));
            best = Math.Max(best, Vector512.IsHardwareAccelerated ? Rate(Vector512<float>.Count, Loop512) : 0);
        }

        return best;
    }

    private static double Rate(int lanes, Func<int, float> loop)
    {
        loop(1);
        var start = Stopwatch.GetTimestamp();
        loop(Iterations);
        return (double)Iterations * Chains * lanes / Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    }

    // The twelve chains hide the latency of four or five cycles at two a cycle; every chain converges to 1, so nothing overflows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Loop512(int iterations)
    {
        var (m, c) = (Vector512.Create(0.5f), Vector512.Create(0.5f));
        Vector512<float> a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c, a6 = c, a7 = c, a8 = c, a9 = c, a10 = c, a11 = c;
        for (var i = 0; i < iterations; i++)
        {
            a0 = Vector512.FusedMultiplyAdd(a0, m, c);
            a1 = Vector512.FusedMultiplyAdd(a1, m, c);
            a2 = Vector512.FusedMultiplyAdd(a2, m, c);
            a3 = Vector512.FusedMultiplyAdd(a3, m, c);
            a4 = Vector512.FusedMultiplyAdd(a4, m, c);
            a5 = Vector512.FusedMultiplyAdd(a5, m, c);
            a6 = Vector512.FusedMultiplyAdd(a6, m, c);
            a7 = Vector512.FusedMultiplyAdd(a7, m, c);
            a8 = Vector512.FusedMultiplyAdd(a8, m, c);
            a9 = Vector512.FusedMultiplyAdd(a9, m, c);
            a10 = Vector512.FusedMultiplyAdd(a10, m, c);
            a11 = Vector512.FusedMultiplyAdd(a11, m, c);
        }

        return Vector512.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Loop256(int iterations)
    {
        var (m, c) = (Vector256.Create(0.5f), Vector256.Create(0.5f));
        Vector256<float> a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c, a6 = c, a7 = c, a8 = c, a9 = c, a10 = c, a11 = c;
        for (var i = 0; i < iterations; i++)
        {
            a0 = Vector256.FusedMultiplyAdd(a0, m, c);
            a1 = Vector256.FusedMultiplyAdd(a1, m, c);
            a2 = Vector256.FusedMultiplyAdd(a2, m, c);
            a3 = Vector256.FusedMultiplyAdd(a3, m, c);
            a4 = Vector256.FusedMultiplyAdd(a4, m, c);
            a5 = Vector256.FusedMultiplyAdd(a5, m, c);
            a6 = Vector256.FusedMultiplyAdd(a6, m, c);
            a7 = Vector256.FusedMultiplyAdd(a7, m, c);
            a8 = Vector256.FusedMultiplyAdd(a8, m, c);
            a9 = Vector256.FusedMultiplyAdd(a9, m, c);
            a10 = Vector256.FusedMultiplyAdd(a10, m, c);
            a11 = Vector256.FusedMultiplyAdd(a11, m, c);
        }

        return Vector256.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11);
    }
}
