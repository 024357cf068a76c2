using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Multiply-add of bytes in 256 bits, as one machine or another has it.</summary>
internal interface IByteDot256
{
    static abstract bool IsSupported { get; }

    /// <summary>The largest magnitude of a quantized residual value.</summary>
    static abstract int Levels { get; }

    /// <summary>sum + the four products of each group of four bytes, exactly.</summary>
    static abstract Vector256<int> MultiplyAdd(Vector256<int> sum, Vector256<byte> codewords, Vector256<sbyte> residual);
}
