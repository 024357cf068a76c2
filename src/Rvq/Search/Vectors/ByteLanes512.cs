using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Vec = System.Runtime.Intrinsics.Vector512;

namespace Rvq.Search;

/// <summary>
/// One vector of sixteen groups, multiplied as <see cref="Avx2Dot"/> does it, 64 bytes an instruction. Where there is AVX2 alone the same
/// in halves, so that such a machine can test the loops.
/// </summary>
internal readonly unsafe struct ByteLanes512(Vector512<int> value) : IByteLanes<ByteLanes512>
{
    private readonly Vector512<int> _value = value;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static ByteForm Form => ByteForm.Unsigned;

    public static bool AddsIn16Bits => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Create(int sum) => new(Vec.Create(sum));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Load(byte* codewords) => new(Vec.Load((int*)codewords));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Broadcast(sbyte* residual) => Create(*(int*)residual);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Add(ByteLanes512 left, ByteLanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 MultiplyAdd(ByteLanes512 sum, ByteLanes512 codewords, ByteLanes512 residual)
        => new(MultiplyAdd(sum._value, codewords._value.AsByte(), residual._value.AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 MultiplyAdd(
        ByteLanes512 sum, ByteLanes512 codewords, ByteLanes512 residual, ByteLanes512 nextCodewords, ByteLanes512 nextResidual)
        => new(
            sum._value + SumsOfTwo(
                SumsOfTwo(codewords._value.AsByte(), residual._value.AsSByte())
                + SumsOfTwo(nextCodewords._value.AsByte(), nextResidual._value.AsSByte())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 MultiplyAdd(ByteLanes512 sum, byte* codewords, ByteLanes512 residual)
        => new(MultiplyAdd(sum._value, Vec.Load(codewords), residual._value.AsSByte()));

    /// <summary>Shifts are of groups: what comes over from the neighbor is masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 LowestBits(ByteLanes512 first, ByteLanes512 second, ByteLanes512 third)
        => new(
            ((first._value << 6) & Vec.Create((byte)0xC0).AsInt32())
            | ((second._value << 4) & Vec.Create((byte)0x30).AsInt32())
            | ((third._value << 2) & Vec.Create((byte)0x0C).AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        ByteLanes512 sums, ResidualScale* scale, float* halfNorms, float* steps, float* weights, float* scores, float* minima, bool merge)
        => ScaledSums.Write(
            new FloatLanes512(Vec.ConvertToSingle(sums._value)), scale, halfNorms, steps, weights, scores, minima, merge);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> MultiplyAdd(Vector512<int> sum, Vector512<byte> codewords, Vector512<sbyte> residual)
        => sum + SumsOfTwo(SumsOfTwo(codewords, residual));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> SumsOfTwo(Vector512<byte> codewords, Vector512<sbyte> residual)
        => Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(codewords, residual)
            : Vec.Create(
                Avx2.MultiplyAddAdjacent(codewords.GetLower(), residual.GetLower()),
                Avx2.MultiplyAddAdjacent(codewords.GetUpper(), residual.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SumsOfTwo(Vector512<short> sums)
        => Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(sums, Vector512<short>.One)
            : Vec.Create(
                Avx2.MultiplyAddAdjacent(sums.GetLower(), Vector256<short>.One),
                Avx2.MultiplyAddAdjacent(sums.GetUpper(), Vector256<short>.One));
}
