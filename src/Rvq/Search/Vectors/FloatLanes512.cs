using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vec = System.Runtime.Intrinsics.Vector512;

namespace Rvq.Search;

/// <summary>One vector of sixteen.</summary>
internal readonly unsafe struct FloatLanes512(Vector512<float> value) : IFloatLanes<FloatLanes512>
{
    private readonly Vector512<float> _value = value;

    public static bool IsSupported => Vec.IsHardwareAccelerated;

    public static bool HasManyRegisters => true;

    public static FloatLanes512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Create(float value) => new(Vec.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Load(float* source) => new(Vec.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(FloatLanes512 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 MultiplyAdd(FloatLanes512 left, FloatLanes512 right, FloatLanes512 sum)
        => new(Vec.MultiplyAddEstimate(left._value, right._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 MultiplyAdd(FloatLanes512 left, float* right, FloatLanes512 sum)
        => new(Vec.MultiplyAddEstimate(left._value, Vec.Load(right), sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 MultiplyAddOne(FloatLanes512 left, float* right, FloatLanes512 sum)
        => new(Vec.MultiplyAddEstimate(left._value, Vec.Create(*right), sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 FusedMultiplyAdd(FloatLanes512 left, FloatLanes512 right, FloatLanes512 sum)
        => new(Vec.FusedMultiplyAdd(left._value, right._value, sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 FusedMultiplyAdd(FloatLanes512 left, float* right, FloatLanes512 sum)
        => new(Vec.FusedMultiplyAdd(left._value, Vec.Load(right), sum._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Add(FloatLanes512 left, FloatLanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Subtract(FloatLanes512 left, FloatLanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Multiply(FloatLanes512 left, FloatLanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Abs(FloatLanes512 value) => new(Vec.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Round(FloatLanes512 value) => new(Vec.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Min(FloatLanes512 left, FloatLanes512 right) => new(Vec.MinNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Max(FloatLanes512 left, FloatLanes512 right)
        => new(Vec.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Mark(FloatLanes512 value, FloatLanes512 kept, FloatLanes512 mark)
        => new((value._value & kept._value) | mark._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinAcross(FloatLanes512 value)
        => FloatLanes256.MinAcross(new FloatLanes256(value._value.GetLower(), value._value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxAcross(FloatLanes512 value)
        => FloatLanes256.MaxAcross(Vector256.MaxNative(value._value.GetLower(), value._value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumAcross(FloatLanes512 value) => Vec.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint AtMost(FloatLanes512 value, FloatLanes512 limit)
        => (uint)Vec.LessThanOrEqual(value._value, limit._value).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Widen(sbyte* source)
    {
        if (Avx512F.IsSupported)
        {
            return new(Vec.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));
        }

        var (low, high) = Vector256.Widen(Vector256.WidenLower(Vector128.Load(source).ToVector256()));
        return new(Vec.Create(Vector256.ConvertToSingle(low), Vector256.ConvertToSingle(high)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Narrow(FloatLanes512 value, sbyte* destination)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128SByte(Vec.ConvertToInt32Native(value._value)).Store(destination);
            return;
        }

        FloatLanes256.Narrow(new FloatLanes256(value._value.GetLower(), value._value.GetUpper()), destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 Above(FloatLanes512 value, FloatLanes512 limit)
        => new(Vec.ConditionalSelect(Vec.GreaterThan(value._value, limit._value), value._value, Vec.Create(float.PositiveInfinity)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 LoadFour(float* source)
        => new(Avx512DQ.IsSupported
            ? Avx512DQ.BroadcastVector128ToVector512(source)
            : Vec.Create(Vector256.Create(Vector128.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FloatLanes512 SumQuarters(FloatLanes512 a, FloatLanes512 b, FloatLanes512 c, FloatLanes512 d)
    {
        if (!Avx512F.IsSupported)
        {
            return new(Vec.Create(
                FloatLanes256.SumHalves(a._value.GetLower(), b._value.GetLower(), c._value.GetLower(), d._value.GetLower()),
                FloatLanes256.SumHalves(a._value.GetUpper(), b._value.GetUpper(), c._value.GetUpper(), d._value.GetUpper())));
        }

        var ab = Avx512F.UnpackLow(a._value, b._value) + Avx512F.UnpackHigh(a._value, b._value);
        var cd = Avx512F.UnpackLow(c._value, d._value) + Avx512F.UnpackHigh(c._value, d._value);
        return new(
            Avx512F.UnpackLow(ab.AsDouble(), cd.AsDouble()).AsSingle() + Avx512F.UnpackHigh(ab.AsDouble(), cd.AsDouble()).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SmallestKey(FloatLanes512 value)
    {
        var keys = OrderedKeys.Of(value._value);
        return OrderedKeys.Smallest(Vector256.Min(keys.GetLower(), keys.GetUpper()));
    }
}
