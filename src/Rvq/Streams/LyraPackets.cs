using System.Numerics;

namespace Rvq.Streams;

/// <summary>
/// Lyra v2's packets: one frame of 4-bit codes each, the first codebook in the highest bits of the first byte, no header. A .lyra file is
/// packets one after the other. Lyra itself sends 16, 30 or 46 codebooks: 64, 120 or 184 bits, at 50 packets a second. Thread-safe.
/// </summary>
public static class LyraPackets
{
    private const int BitsPerCode = 4;
    private const int MaxCodebooks = 46;

    /// <summary>The bytes of one packet.</summary>
    /// <param name="codebookCount">The number of codebooks, in [1, 46].</param>
    /// <returns>⌈codebookCount / 2⌉: 8, 15 and 23 for Lyra's 16, 30 and 46 codebooks.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookCount"/> is out of range.</exception>
    public static int GetByteCount(int codebookCount)
        => codebookCount is >= 1 and <= MaxCodebooks
            ? (codebookCount + 1) / 2
            : throw new ArgumentOutOfRangeException(
                nameof(codebookCount), codebookCount, $"codebookCount must be in [1, {MaxCodebooks}], but is {codebookCount}.");

    /// <summary>Packs frames into bytes.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes in [0, 16), row-major [T, <paramref name="codebookCount"/>].</param>
    /// <param name="codebookCount">The number of codebooks, in [1, 46].</param>
    /// <param name="bytes">Receives T packets of <see cref="GetByteCount"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code or <paramref name="codebookCount"/> is out of range; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public static void Pack<TCode>(ReadOnlySpan<TCode> codes, int codebookCount, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var size = Check(codes, codebookCount, bytes);
        CodePacking.ThrowIfTooLarge(codes, [BitsPerCode]);
        for (; !bytes.IsEmpty; bytes = bytes[size..], codes = codes[codebookCount..])
        {
            for (var i = 0; i < size; i++)
            {
                var low = (2 * i) + 1 < codebookCount ? byte.CreateTruncating(codes[(2 * i) + 1]) : 0;
                bytes[i] = (byte)((byte.CreateTruncating(codes[2 * i]) << BitsPerCode) | low);
            }
        }
    }

    /// <summary>Unpacks packets into frames.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="bytes">
    /// T packets of <see cref="GetByteCount"/> bytes. With an odd number of codebooks the last four bits of a packet are not read.
    /// </param>
    /// <param name="codebookCount">The number of codebooks, in [1, 46].</param>
    /// <param name="codes">Receives the codes, row-major [T, <paramref name="codebookCount"/>].</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookCount"/> is out of range.</exception>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public static void Unpack<TCode>(ReadOnlySpan<byte> bytes, int codebookCount, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var size = Check<TCode>(codes, codebookCount, bytes);
        for (; !bytes.IsEmpty; bytes = bytes[size..], codes = codes[codebookCount..])
        {
            for (var n = 0; n < codebookCount; n++)
            {
                codes[n] = TCode.CreateTruncating((bytes[n / 2] >> (n % 2 == 0 ? BitsPerCode : 0)) & 0xF);
            }
        }
    }

    private static int Check<TCode>(ReadOnlySpan<TCode> codes, int codebookCount, ReadOnlySpan<byte> bytes)
        where TCode : unmanaged
    {
        var size = GetByteCount(codebookCount);
        var packets = Argument.RowCount(bytes.Length, size, nameof(bytes), "bytes of a packet");
        Argument.ThrowIfNotLength(codes.Length, nameof(codes), packets, "packets", codebookCount, "codes");
        Argument.ThrowIfOverlapping(codes, bytes, nameof(bytes));
        return size;
    }
}
