using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>
/// VPMADDUBSW, VPMADDWD, VPADDD. The first adds two products in 16 bits with saturation; with residuals in 0…127 and codewords in
/// −127…127 a pair is at most 2 · 127 · 127 = 32258, so nothing saturates.
/// </summary>
internal readonly struct Avx2Dot : IByteDot
{
    public static bool IsSupported => Avx2.IsSupported;

    public static int Levels => 63;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> residual, Vector256<sbyte> codewords)
        => sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(residual, codewords), Vector256<short>.One);
}
