using System.Runtime.Intrinsics;
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

    public static FloatLanes256 Create(float value)
    {
        var all = Vec.Create(value);
        return new(all, all);
    }

    public static FloatLanes256 Load(float* source) => new(Vec.Load(source), Vec.Load(source + 8));

    public static void Store(FloatLanes256 value, float* destination)
    {
        value._low.Store(destination);
        value._high.Store(destination + 8);
    }

    public static FloatLanes256 MultiplyAdd(FloatLanes256 left, FloatLanes256 right, FloatLanes256 sum)
        => new(Vec.MultiplyAddEstimate(left._low, right._low, sum._low), Vec.MultiplyAddEstimate(left._high, right._high, sum._high));

    public static FloatLanes256 Add(FloatLanes256 left, FloatLanes256 right) => new(left._low + right._low, left._high + right._high);

    public static FloatLanes256 Subtract(FloatLanes256 left, FloatLanes256 right) => new(left._low - right._low, left._high - right._high);

    public static FloatLanes256 Min(FloatLanes256 left, FloatLanes256 right)
        => new(Vec.MinNative(left._low, right._low), Vec.MinNative(left._high, right._high));

    public static float MinAcross(FloatLanes256 value)
    {
        var eight = Vec.MinNative(value._low, value._high);
        return FloatLanes128.MinAcross(Vector128.MinNative(eight.GetLower(), eight.GetUpper()));
    }

    public static uint AtMost(FloatLanes256 value, FloatLanes256 limit)
        => Vec.LessThanOrEqual(value._low, limit._low).ExtractMostSignificantBits()
            | (Vec.LessThanOrEqual(value._high, limit._high).ExtractMostSignificantBits() << 8);
}
