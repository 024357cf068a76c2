using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>
/// VPMADDUBSW, VPMADDWD, VPADDD. The first adds two products in 16 bits with saturation; with codewords in 0…255 and residuals in
/// −63…63 a pair is at most 2 · 255 · 63 = 32130, so nothing saturates.
/// </summary>
internal readonly struct Avx2Dot : IByteDot256
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Levels => 63;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual)
        => sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(codewords, residual), Vector256<short>.One);
}
