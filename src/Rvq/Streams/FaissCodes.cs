using System.Numerics;

namespace Rvq.Streams;

/// <summary>
/// The packed codes of faiss's ResidualQuantizer: every vector a string of bits, stage 0 in the lowest bits of the first byte, filled up
/// with zero bits to a whole byte. Without faiss's optional norms, which follow the codes of a vector. Thread-safe.
/// </summary>
public static class FaissCodes
{
    /// <summary>The bytes of one vector's codes, faiss's code_size.</summary>
    /// <param name="bitsPerCode">The width of each code of a vector in bits (faiss's nbits), in [0, 32]; length N.</param>
    /// <returns>⌈sum of the widths / 8⌉.</returns>
    /// <exception cref="ArgumentException"><paramref name="bitsPerCode"/> is empty or has a width out of range.</exception>
    public static int GetByteCount(ReadOnlySpan<int> bitsPerCode) => CodePacking.GetByteCount(1, bitsPerCode);

    /// <summary>Packs the codes of vectors.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [T, N] with N the length of <paramref name="bitsPerCode"/>, each in [0, 2^width).</param>
    /// <param name="bitsPerCode">The width of each code of a vector in bits, in [0, 32]; length N.</param>
    /// <param name="bytes">Receives the packed codes, row-major [T, <see cref="GetByteCount"/>].</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code does not fit in its width, or a width is out of range; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public static void Pack<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> bitsPerCode, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (rows, size) = Check(codes, bitsPerCode, bytes);
        CodePacking.ThrowIfTooLarge(codes, bitsPerCode);
        for (var row = 0; row < rows; row++)
        {
            Bits.Pack(codes.Slice(row * bitsPerCode.Length, bitsPerCode.Length), bitsPerCode, bytes.Slice(row * size, size));
        }
    }

    /// <summary>Unpacks the codes of vectors.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="bytes">The packed codes, row-major [T, <see cref="GetByteCount"/>].</param>
    /// <param name="bitsPerCode">The width of each code of a vector in bits, in [0, 32]; length N.</param>
    /// <param name="codes">Receives the codes, row-major [T, N].</param>
    /// <exception cref="ArgumentOutOfRangeException">A width is out of range.</exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, buffers that overlap, or a code that does not fit in <typeparamref name="TCode"/>; nothing is written.
    /// </exception>
    public static void Unpack<TCode>(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> bitsPerCode, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (rows, size) = Check<TCode>(codes, bitsPerCode, bytes);
        for (var row = 0; row < rows; row++)
        {
            CodePacking.ThrowIfTypeTooSmall<TCode>(
                bytes.Slice(row * size, size), bitsPerCode, codes.Slice(row * bitsPerCode.Length, bitsPerCode.Length));
        }

        for (var row = 0; row < rows; row++)
        {
            Bits.Unpack(bytes.Slice(row * size, size), bitsPerCode, codes.Slice(row * bitsPerCode.Length, bitsPerCode.Length));
        }
    }

    private static (int Rows, int Size) Check<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> bitsPerCode, ReadOnlySpan<byte> bytes)
        where TCode : unmanaged
    {
        var size = GetByteCount(bitsPerCode);
        var rows = Argument.RowCount(codes.Length, bitsPerCode.Length, nameof(codes), "codes of a vector");
        Argument.ThrowIfNotLength(bytes.Length, nameof(bytes), rows, "vectors", size, "bytes");
        Argument.ThrowIfOverlapping(codes, bytes, nameof(bytes));
        return (rows, size);
    }
}
