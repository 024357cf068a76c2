using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Vec = System.Runtime.Intrinsics.Vector128;

namespace Rvq.Search;

/// <summary>Four vectors of four.</summary>
internal readonly unsafe struct FloatLanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    : IFloatLanes<FloatLanes128>
{
    private readonly Vector128<float> _a = a;
    private readonly Vector128<float> _b = b;
    private readonly Vector128<float> _c = c;
    private readonly Vector128<float> _d = d;

    public static bool IsSupported => Vec.IsHardwareAccelerated;

    public static bool HasManyRegisters => false;

    public static FloatLanes128 Zero => Create(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Create(float value)
    {
        var all = Vec.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Load(float* source)
        => new(Vec.Load(source), Vec.Load(source + 4), Vec.Load(source + 8), Vec.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatLanes128 value, float* destination)
    {
        value._a.Store(destination);
        value._b.Store(destination + 4);
        value._c.Store(destination + 8);
        value._d.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 MultiplyAdd(FloatLanes128 left, FloatLanes128 right, FloatLanes128 sum)
        => new(
            Vec.MultiplyAddEstimate(left._a, right._a, sum._a),
            Vec.MultiplyAddEstimate(left._b, right._b, sum._b),
            Vec.MultiplyAddEstimate(left._c, right._c, sum._c),
            Vec.MultiplyAddEstimate(left._d, right._d, sum._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 MultiplyAdd(FloatLanes128 left, float* right, FloatLanes128 sum) => MultiplyAdd(left, Load(right), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 MultiplyAddOne(FloatLanes128 left, float* right, FloatLanes128 sum)
        => MultiplyAdd(left, Create(*right), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 FusedMultiplyAdd(FloatLanes128 left, FloatLanes128 right, FloatLanes128 sum)
        => new(
            Vec.FusedMultiplyAdd(left._a, right._a, sum._a),
            Vec.FusedMultiplyAdd(left._b, right._b, sum._b),
            Vec.FusedMultiplyAdd(left._c, right._c, sum._c),
            Vec.FusedMultiplyAdd(left._d, right._d, sum._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 FusedMultiplyAdd(FloatLanes128 left, float* right, FloatLanes128 sum)
        => FusedMultiplyAdd(left, Load(right), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Add(FloatLanes128 left, FloatLanes128 right)
        => new(left._a + right._a, left._b + right._b, left._c + right._c, left._d + right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Subtract(FloatLanes128 left, FloatLanes128 right)
        => new(left._a - right._a, left._b - right._b, left._c - right._c, left._d - right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Multiply(FloatLanes128 left, FloatLanes128 right)
        => new(left._a * right._a, left._b * right._b, left._c * right._c, left._d * right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Abs(FloatLanes128 value) => new(Vec.Abs(value._a), Vec.Abs(value._b), Vec.Abs(value._c), Vec.Abs(value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Round(FloatLanes128 value)
        => new(Vec.Round(value._a), Vec.Round(value._b), Vec.Round(value._c), Vec.Round(value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Min(FloatLanes128 left, FloatLanes128 right)
        => new(
            Vec.MinNative(left._a, right._a),
            Vec.MinNative(left._b, right._b),
            Vec.MinNative(left._c, right._c),
            Vec.MinNative(left._d, right._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Max(FloatLanes128 left, FloatLanes128 right)
        => new(
            Vec.MaxNative(left._a, right._a),
            Vec.MaxNative(left._b, right._b),
            Vec.MaxNative(left._c, right._c),
            Vec.MaxNative(left._d, right._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Mark(FloatLanes128 value, FloatLanes128 kept, FloatLanes128 mark)
        => new(
            (value._a & kept._a) | mark._a,
            (value._b & kept._b) | mark._b,
            (value._c & kept._c) | mark._c,
            (value._d & kept._d) | mark._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinAcross(FloatLanes128 value)
        => MinAcross(Vec.MinNative(Vec.MinNative(value._a, value._b), Vec.MinNative(value._c, value._d)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinAcross(Vector128<float> four)
    {
        var two = Vec.MinNative(four, Vec.Shuffle(four, Vec.Create(2, 3, 0, 1)));
        return Vec.MinNative(two, Vec.Shuffle(two, Vec.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(FloatLanes128 value)
    {
        var four = Vec.MaxNative(Vec.MaxNative(value._a, value._b), Vec.MaxNative(value._c, value._d));
        var two = Vec.MaxNative(four, Vec.Shuffle(four, Vec.Create(2, 3, 0, 1)));
        return Vec.MaxNative(two, Vec.Shuffle(two, Vec.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumAcross(FloatLanes128 value) => Vec.Sum(value._a + value._b + (value._c + value._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(FloatLanes128 value, FloatLanes128 limit)
        => Vec.LessThanOrEqual(value._a, limit._a).ExtractMostSignificantBits()
            | (Vec.LessThanOrEqual(value._b, limit._b).ExtractMostSignificantBits() << 4)
            | (Vec.LessThanOrEqual(value._c, limit._c).ExtractMostSignificantBits() << 8)
            | (Vec.LessThanOrEqual(value._d, limit._d).ExtractMostSignificantBits() << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Widen(sbyte* source)
    {
        var (low, high) = Vec.Widen(Vec.Load(source));
        var (a, b) = Vec.Widen(low);
        var (c, d) = Vec.Widen(high);
        return new(Vec.ConvertToSingle(a), Vec.ConvertToSingle(b), Vec.ConvertToSingle(c), Vec.ConvertToSingle(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Narrow(FloatLanes128 value, sbyte* destination)
    {
        var low = Vec.NarrowWithSaturation(Vec.ConvertToInt32Native(value._a), Vec.ConvertToInt32Native(value._b));
        var high = Vec.NarrowWithSaturation(Vec.ConvertToInt32Native(value._c), Vec.ConvertToInt32Native(value._d));
        Vec.NarrowWithSaturation(low, high).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 Above(FloatLanes128 value, FloatLanes128 limit)
        => new(Above(value._a, limit._a), Above(value._b, limit._b), Above(value._c, limit._c), Above(value._d, limit._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Above(Vector128<float> value, Vector128<float> limit)
        => Vec.ConditionalSelect(Vec.GreaterThan(value, limit), value, Vec.Create(float.PositiveInfinity));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 LoadFour(float* source)
    {
        var four = Vec.Load(source);
        return new(four, four, four, four);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes128 SumQuarters(FloatLanes128 a, FloatLanes128 b, FloatLanes128 c, FloatLanes128 d)
        => new(
            Sums(a._a, b._a, c._a, d._a), Sums(a._b, b._b, c._b, d._b), Sums(a._c, b._c, c._c, d._c), Sums(a._d, b._d, c._d, d._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SmallestKey(FloatLanes128 value)
        => OrderedKeys.Smallest(
            Vec.Min(
                Vec.Min(OrderedKeys.Of(value._a, 0), OrderedKeys.Of(value._b, 4)),
                Vec.Min(OrderedKeys.Of(value._c, 8), OrderedKeys.Of(value._d, 12))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
        => Vec.Create(Vec.Sum(a), Vec.Sum(b), Vec.Sum(c), Vec.Sum(d));
}
