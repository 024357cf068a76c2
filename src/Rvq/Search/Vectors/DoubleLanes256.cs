using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vec = System.Runtime.Intrinsics.Vector256;

namespace Rvq.Search;

/// <summary>Two vectors of four.</summary>
internal readonly unsafe struct DoubleLanes256(Vector256<double> low, Vector256<double> high) : IDoubleLanes<DoubleLanes256>
{
    private readonly Vector256<double> _low = low;
    private readonly Vector256<double> _high = high;

    public static DoubleLanes256 Zero => new(Vector256<double>.Zero, Vector256<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Widen(float* source)
    {
        if (Avx.IsSupported)
        {
            return new(Avx.ConvertToVector256Double(Vector128.Load(source)), Avx.ConvertToVector256Double(Vector128.Load(source + 4)));
        }

        var (low, high) = Vec.Widen(Vec.Load(source));
        return new(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 AddExactProduct(DoubleLanes256 left, DoubleLanes256 right, DoubleLanes256 sum)
        => new(Vec.MultiplyAddEstimate(left._low, right._low, sum._low), Vec.MultiplyAddEstimate(left._high, right._high, sum._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(DoubleLanes256 value)
    {
        var four = value._low + value._high;
        var two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }
}
