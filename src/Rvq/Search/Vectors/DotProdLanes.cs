using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Vec = System.Runtime.Intrinsics.Vector128;

namespace Rvq.Search;

/// <summary>
/// Arm's SDOT, four vectors of four groups. It takes a residual's step from the first four bytes of a vector, which a plain load fills; to
/// repeat them would cost as much as a product. Elsewhere the same sums in software, so that every machine can test the loops.
/// </summary>
internal readonly unsafe struct DotProdLanes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d)
    : IByteLanes<DotProdLanes>
{
    private readonly Vector128<int> _a = a;
    private readonly Vector128<int> _b = b;
    private readonly Vector128<int> _c = c;
    private readonly Vector128<int> _d = d;

    public static bool IsSupported => Dp.IsSupported;

    public static ByteForm Form => ByteForm.Signed;

    public static bool AddsIn16Bits => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes Create(int sum)
    {
        var all = Vec.Create(sum);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes Load(byte* codewords)
        => new(Vec.Load((int*)codewords), Vec.Load((int*)codewords + 4), Vec.Load((int*)codewords + 8), Vec.Load((int*)codewords + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes Broadcast(sbyte* residual)
    {
        var step = Vec.CreateScalarUnsafe(*(float*)residual).AsInt32();
        return new(step, step, step, step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes Add(DotProdLanes left, DotProdLanes right)
        => new(left._a + right._a, left._b + right._b, left._c + right._c, left._d + right._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes MultiplyAdd(DotProdLanes sum, DotProdLanes codewords, DotProdLanes residual)
        => new(
            MultiplyAdd(sum._a, codewords._a, residual._a),
            MultiplyAdd(sum._b, codewords._b, residual._a),
            MultiplyAdd(sum._c, codewords._c, residual._a),
            MultiplyAdd(sum._d, codewords._d, residual._a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes MultiplyAdd(
        DotProdLanes sum, DotProdLanes codewords, DotProdLanes residual, DotProdLanes nextCodewords, DotProdLanes nextResidual)
        => MultiplyAdd(MultiplyAdd(sum, codewords, residual), nextCodewords, nextResidual);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes MultiplyAdd(DotProdLanes sum, byte* codewords, DotProdLanes residual)
        => MultiplyAdd(sum, Load(codewords), residual);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DotProdLanes LowestBits(DotProdLanes first, DotProdLanes second, DotProdLanes third)
        => new(
            LowestBits(first._a.AsByte(), second._a.AsByte(), third._a.AsByte()).AsInt32(),
            LowestBits(first._b.AsByte(), second._b.AsByte(), third._b.AsByte()).AsInt32(),
            LowestBits(first._c.AsByte(), second._c.AsByte(), third._c.AsByte()).AsInt32(),
            LowestBits(first._d.AsByte(), second._d.AsByte(), third._d.AsByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        DotProdLanes sums, ResidualScale* scale, float* halfNorms, float* steps, float* weights, float* scores, float* minima, bool merge)
        => ScaledSums.Write(
            new FloatLanes128(
                Vec.ConvertToSingle(sums._a), Vec.ConvertToSingle(sums._b), Vec.ConvertToSingle(sums._c), Vec.ConvertToSingle(sums._d)),
            scale, halfNorms, steps, weights, scores, minima, merge);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> MultiplyAdd(Vector128<int> sum, Vector128<int> codewords, Vector128<int> residual)
        => Dp.IsSupported
            ? Dp.DotProductBySelectedQuadruplet(sum, codewords.AsSByte(), residual.AsSByte(), 0)
            : sum + SumsOfFour(codewords.AsSByte(), Vec.Create(residual.ToScalar()).AsSByte());

    /// <summary>The sums of four products each; a product fits 16 bits.</summary>
    private static Vector128<int> SumsOfFour(Vector128<sbyte> left, Vector128<sbyte> right)
    {
        var low = SumsOfTwo(Vec.WidenLower(left) * Vec.WidenLower(right)).AsInt64();
        var high = SumsOfTwo(Vec.WidenUpper(left) * Vec.WidenUpper(right)).AsInt64();
        return Vec.Narrow(low, high) + Vec.Narrow(low >>> 32, high >>> 32);
    }

    private static Vector128<int> SumsOfTwo(Vector128<short> products) => ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LowestBits(Vector128<byte> first, Vector128<byte> second, Vector128<byte> third)
        => AdvSimd.IsSupported
            ? AdvSimd.ShiftLeftAndInsert(AdvSimd.ShiftLeftAndInsert(third << 2, second, 4), first, 6)
            : (first << 6) | ((second << 4) & Vec.Create((byte)0x30)) | ((third << 2) & Vec.Create((byte)0x0C));
}
