using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Vec = System.Runtime.Intrinsics.Vector256;

namespace Rvq.Search;

/// <summary>Two vectors of eight groups.</summary>
internal readonly unsafe struct ByteLanes256<TDot>(Vector256<int> low, Vector256<int> high) : IByteLanes<ByteLanes256<TDot>>
    where TDot : struct, IByteDot256
{
    private readonly Vector256<int> _low = low;
    private readonly Vector256<int> _high = high;

    public static bool IsSupported => TDot.IsSupported;

    public static ByteForm Form => ByteForm.Unsigned;

    public static bool AddsIn16Bits => TDot.AddsIn16Bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> Create(int sum)
    {
        var all = Vec.Create(sum);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> Load(byte* codewords) => new(Vec.Load((int*)codewords), Vec.Load((int*)codewords + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> Broadcast(sbyte* residual) => Create(*(int*)residual);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> Add(ByteLanes256<TDot> left, ByteLanes256<TDot> right)
        => new(left._low + right._low, left._high + right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> MultiplyAdd(ByteLanes256<TDot> sum, ByteLanes256<TDot> codewords, ByteLanes256<TDot> residual)
        => new(
            TDot.MultiplyAdd(sum._low, codewords._low.AsByte(), residual._low.AsSByte()),
            TDot.MultiplyAdd(sum._high, codewords._high.AsByte(), residual._high.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> MultiplyAdd(
        ByteLanes256<TDot> sum, ByteLanes256<TDot> codewords, ByteLanes256<TDot> residual, ByteLanes256<TDot> nextCodewords,
        ByteLanes256<TDot> nextResidual)
        => new(
            TDot.MultiplyAdd(
                sum._low, codewords._low.AsByte(), residual._low.AsSByte(), nextCodewords._low.AsByte(), nextResidual._low.AsSByte()),
            TDot.MultiplyAdd(
                sum._high, codewords._high.AsByte(), residual._high.AsSByte(), nextCodewords._high.AsByte(),
                nextResidual._high.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> MultiplyAdd(ByteLanes256<TDot> sum, byte* codewords, ByteLanes256<TDot> residual)
        => new(
            TDot.MultiplyAdd(sum._low, Vec.Load(codewords), residual._low.AsSByte()),
            TDot.MultiplyAdd(sum._high, Vec.Load(codewords + 32), residual._high.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256<TDot> LowestBits(ByteLanes256<TDot> first, ByteLanes256<TDot> second, ByteLanes256<TDot> third)
        => new(LowestBits(first._low, second._low, third._low), LowestBits(first._high, second._high, third._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        ByteLanes256<TDot> sums, ResidualScale* scale, float* halfNorms, float* steps, float* weights, float* scores, float* minima,
        bool merge)
        => ScaledSums.Write(
            new FloatLanes256(Vec.ConvertToSingle(sums._low), Vec.ConvertToSingle(sums._high)),
            scale, halfNorms, steps, weights, scores, minima, merge);

    /// <summary>Shifts are of pairs of bytes: what comes over from the neighbor is masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LowestBits(Vector256<int> first, Vector256<int> second, Vector256<int> third)
        => ((first << 6) & Vec.Create((byte)0xC0).AsInt32())
            | ((second << 4) & Vec.Create((byte)0x30).AsInt32())
            | ((third << 2) & Vec.Create((byte)0x0C).AsInt32());
}
