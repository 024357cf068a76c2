using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>
/// VPMADDUBSW, VPMADDWD, VPADDD. The first adds two products in 16 bits, and of two steps four are added before they are widened: nothing
/// saturates or overflows, as residuals are quantized for that.
/// </summary>
internal readonly struct Avx2Dot : IByteDot256
{
    public static bool IsSupported => Avx2.IsSupported;

    public static bool AddsIn16Bits => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual)
        => sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codewords, residual), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(
        Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual, Vector256<byte> nextCodewords,
        Vector256<sbyte> nextResidual)
        => sum + Avx2.MultiplyAddAdjacent(
            Avx2.MultiplyAddAdjacent(codewords, residual) + Avx2.MultiplyAddAdjacent(nextCodewords, nextResidual), Vector256<short>.One);
}
