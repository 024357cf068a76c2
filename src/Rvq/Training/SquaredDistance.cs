using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>‖x − y‖² in binary64, in one order of summation on every machine.</summary>
internal static class SquaredDistance
{
    /// <summary>
    /// Eight lanes over the dimensions, then added in pairs. The difference of two floats is rounded to binary64 once, its square once;
    /// no fused operation is used.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static double Between(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var (low, high) = (Vector256<double>.Zero, Vector256<double>.Zero);
        var i = 0;
        for (; i <= x.Length - 8; i += 8)
        {
            var (xLow, xHigh) = Vector256.Widen(Vector256.Create(x.Slice(i, 8)));
            var (yLow, yHigh) = Vector256.Widen(Vector256.Create(y.Slice(i, 8)));
            low += (xLow - yLow) * (xLow - yLow);
            high += (xHigh - yHigh) * (xHigh - yHigh);
        }

        var lanes = low + high;
        var sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
        for (; i < x.Length; i++)
        {
            var difference = (double)x[i] - y[i];
            sum += difference * difference;
        }

        return sum;
    }
}
