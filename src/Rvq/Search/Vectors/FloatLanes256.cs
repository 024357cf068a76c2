using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vec = System.Runtime.Intrinsics.Vector256;

namespace Rvq.Search;

/// <summary>Two vectors of eight.</summary>
internal readonly unsafe struct FloatLanes256(Vector256<float> low, Vector256<float> high) : IFloatLanes<FloatLanes256>
{
    private readonly Vector256<float> _low = low;
    private readonly Vector256<float> _high = high;

    public static bool IsSupported => Vec.IsHardwareAccelerated;

    public static bool HasManyRegisters => false;

    public static FloatLanes256 Zero => new(Vector256<float>.Zero, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Create(float value)
    {
        var all = Vec.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Load(float* source) => new(Vec.Load(source), Vec.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatLanes256 value, float* destination)
    {
        value._low.Store(destination);
        value._high.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 MultiplyAdd(FloatLanes256 left, FloatLanes256 right, FloatLanes256 sum)
        => new(Vec.MultiplyAddEstimate(left._low, right._low, sum._low), Vec.MultiplyAddEstimate(left._high, right._high, sum._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 MultiplyAdd(FloatLanes256 left, float* right, FloatLanes256 sum)
        => new(
            Vec.MultiplyAddEstimate(left._low, Vec.Load(right), sum._low),
            Vec.MultiplyAddEstimate(left._high, Vec.Load(right + 8), sum._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 MultiplyAddOne(FloatLanes256 left, float* right, FloatLanes256 sum)
        => MultiplyAdd(left, Create(*right), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 FusedMultiplyAdd(FloatLanes256 left, FloatLanes256 right, FloatLanes256 sum)
        => new(Vec.FusedMultiplyAdd(left._low, right._low, sum._low), Vec.FusedMultiplyAdd(left._high, right._high, sum._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 FusedMultiplyAdd(FloatLanes256 left, float* right, FloatLanes256 sum)
        => new(
            Vec.FusedMultiplyAdd(left._low, Vec.Load(right), sum._low),
            Vec.FusedMultiplyAdd(left._high, Vec.Load(right + 8), sum._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Add(FloatLanes256 left, FloatLanes256 right) => new(left._low + right._low, left._high + right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Subtract(FloatLanes256 left, FloatLanes256 right) => new(left._low - right._low, left._high - right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Multiply(FloatLanes256 left, FloatLanes256 right) => new(left._low * right._low, left._high * right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Abs(FloatLanes256 value) => new(Vec.Abs(value._low), Vec.Abs(value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Round(FloatLanes256 value) => new(Vec.Round(value._low), Vec.Round(value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Min(FloatLanes256 left, FloatLanes256 right)
        => new(Vec.MinNative(left._low, right._low), Vec.MinNative(left._high, right._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Max(FloatLanes256 left, FloatLanes256 right)
        => new(Vec.MaxNative(left._low, right._low), Vec.MaxNative(left._high, right._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Mark(FloatLanes256 value, FloatLanes256 kept, FloatLanes256 mark)
        => new((value._low & kept._low) | mark._low, (value._high & kept._high) | mark._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinAcross(FloatLanes256 value)
    {
        var eight = Vec.MinNative(value._low, value._high);
        return FloatLanes128.MinAcross(Vector128.MinNative(eight.GetLower(), eight.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(FloatLanes256 value) => MaxAcross(Vec.MaxNative(value._low, value._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumAcross(FloatLanes256 value) => Vec.Sum(value._low + value._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(FloatLanes256 value, FloatLanes256 limit)
        => Vec.LessThanOrEqual(value._low, limit._low).ExtractMostSignificantBits()
            | (Vec.LessThanOrEqual(value._high, limit._high).ExtractMostSignificantBits() << 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(Vector256<float> eight)
    {
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Widen(sbyte* source)
    {
        if (Avx2.IsSupported)
        {
            return new(
                Vec.ConvertToSingle(Avx2.ConvertToVector256Int32(source)),
                Vec.ConvertToSingle(Avx2.ConvertToVector256Int32(source + 8)));
        }

        var (low, high) = Vec.Widen(Vec.WidenLower(Vector128.Load(source).ToVector256()));
        return new(Vec.ConvertToSingle(low), Vec.ConvertToSingle(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Narrow(FloatLanes256 value, sbyte* destination)
    {
        var shorts = Vec.NarrowWithSaturation(Vec.ConvertToInt32Native(value._low), Vec.ConvertToInt32Native(value._high));
        Vector128.NarrowWithSaturation(shorts.GetLower(), shorts.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 Above(FloatLanes256 value, FloatLanes256 limit)
        => new(Above(value._low, limit._low), Above(value._high, limit._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Above(Vector256<float> value, Vector256<float> limit)
        => Vec.ConditionalSelect(Vec.GreaterThan(value, limit), value, Vec.Create(float.PositiveInfinity));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 LoadFour(float* source)
    {
        var four = Vector128.Load(source);
        var eight = Vec.Create(four, four);
        return new(eight, eight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes256 SumQuarters(FloatLanes256 a, FloatLanes256 b, FloatLanes256 c, FloatLanes256 d)
        => new(SumHalves(a._low, b._low, c._low, d._low), SumHalves(a._high, b._high, c._high, d._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SmallestKey(FloatLanes256 value)
        => OrderedKeys.Smallest(Vec.Min(OrderedKeys.Of(value._low, 0), OrderedKeys.Of(value._high, 8)));

    /// <summary>Value 4j + q is the sum of half j of operand q.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SumHalves(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        var ab = Avx.UnpackLow(a, b) + Avx.UnpackHigh(a, b);
        var cd = Avx.UnpackLow(c, d) + Avx.UnpackHigh(c, d);
        return Avx.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle() + Avx.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle();
    }
}
