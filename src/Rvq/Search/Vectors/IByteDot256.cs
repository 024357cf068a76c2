using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Multiply-add of bytes in 256 bits, as one machine or another has it.</summary>
internal interface IByteDot256
{
    static abstract bool IsSupported { get; }

    /// <summary><see cref="IByteLanes{TSelf}.AddsIn16Bits"/>.</summary>
    static abstract bool AddsIn16Bits { get; }

    /// <summary>sum + the four products of each group of four bytes, exactly.</summary>
    static abstract Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual);

    /// <summary>The same for two steps.</summary>
    static abstract Vector256<int> MultiplyAdd(
        Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual, Vector256<byte> nextCodewords,
        Vector256<sbyte> nextResidual);
}
