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

    public static bool HasManyRegisters => false;

    public static DoubleLanes128 Zero => Create(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Create(double value)
    {
        var all = Vec.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Widen(float* source)
    {
        var (s01, s23) = Vec.Widen(Vec.Load(source));
        var (s45, s67) = Vec.Widen(Vec.Load(source + 4));
        return new(s01, s23, s45, s67);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Load(double* source) => new(Vec.Load(source), Vec.Load(source + 2), Vec.Load(source + 4), Vec.Load(source + 6));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DoubleLanes128 value, double* destination)
    {
        value._s01.Store(destination);
        value._s23.Store(destination + 2);
        value._s45.Store(destination + 4);
        value._s67.Store(destination + 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Narrow(DoubleLanes128 value, float* destination)
    {
        Vec.Narrow(value._s01, value._s23).Store(destination);
        Vec.Narrow(value._s45, value._s67).Store(destination + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void NarrowAndAdd(DoubleLanes128 value, float* destination)
    {
        (Vec.Load(destination) + Vec.Narrow(value._s01, value._s23)).Store(destination);
        (Vec.Load(destination + 4) + Vec.Narrow(value._s45, value._s67)).Store(destination + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Add(DoubleLanes128 left, DoubleLanes128 right)
        => new(left._s01 + right._s01, left._s23 + right._s23, left._s45 + right._s45, left._s67 + right._s67);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Subtract(DoubleLanes128 left, DoubleLanes128 right)
        => new(left._s01 - right._s01, left._s23 - right._s23, left._s45 - right._s45, left._s67 - right._s67);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Multiply(DoubleLanes128 left, DoubleLanes128 right)
        => new(left._s01 * right._s01, left._s23 * right._s23, left._s45 * right._s45, left._s67 * right._s67);

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
