using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>VPDPBUSD: 32 multiply-adds in one instruction.</summary>
internal readonly struct VnniDot : IByteDot256
{
    public static bool IsSupported => AvxVnni.IsSupported;

    public static bool AddsIn16Bits => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual)
        => AvxVnni.MultiplyWideningAndAdd(sum, codewords, residual);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(
        Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual, Vector256<byte> nextCodewords,
        Vector256<sbyte> nextResidual)
        => MultiplyAdd(MultiplyAdd(sum, codewords, residual), nextCodewords, nextResidual);
}
