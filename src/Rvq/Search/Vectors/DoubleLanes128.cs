using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Vec = System.Runtime.Intrinsics.Vector128;

namespace Rvq.Search;

/// <summary>Four vectors of two.</summary>
internal readonly unsafe struct DoubleLanes128(Vector128<double> s01, Vector128<double> s23, Vector128<double> s45, Vector128<double> s67)
    : IDoubleLanes<DoubleLanes128>
{
    private readonly Vector128<double> _s01 = s01;
    private readonly Vector128<double> _s23 = s23;
    private readonly Vector128<double> _s45 = s45;
    private readonly Vector128<double> _s67 = s67;

    public static DoubleLanes128 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Widen(float* source)
    {
        var (s01, s23) = Vec.Widen(Vec.Load(source));
        var (s45, s67) = Vec.Widen(Vec.Load(source + 4));
        return new(s01, s23, s45, s67);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 AddExactProduct(DoubleLanes128 left, DoubleLanes128 right, DoubleLanes128 sum)
        => new(
            Vec.MultiplyAddEstimate(left._s01, right._s01, sum._s01),
            Vec.MultiplyAddEstimate(left._s23, right._s23, sum._s23),
            Vec.MultiplyAddEstimate(left._s45, right._s45, sum._s45),
            Vec.MultiplyAddEstimate(left._s67, right._s67, sum._s67));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sum(DoubleLanes128 value)
    {
        var two = (value._s01 + value._s45) + (value._s23 + value._s67);
        return two[0] + two[1];
    }
}
