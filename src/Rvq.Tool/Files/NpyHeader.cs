using System.Buffers.Binary;
using System.Text;

namespace Rvq.Tool.Files;

/// <summary>What stands before the values of a .npy file: NumPy's format, versions 1 to 3.</summary>
/// <param name="Kind">'f', 'i' or 'u', as in NumPy's type codes.</param>
/// <param name="ItemSize">Bytes of one value: 1, 2, 4 or 8.</param>
/// <param name="BigEndian">Whether a value's highest byte comes first.</param>
/// <param name="FortranOrder">Whether the first axis varies fastest.</param>
/// <param name="Shape">The length of each axis; their product is at most <see cref="Array.MaxLength"/>.</param>
internal sealed record NpyHeader(char Kind, int ItemSize, bool BigEndian, bool FortranOrder, int[] Shape)
{
    // NumPy pads a header to a multiple of 64 bytes and itself refuses one above 10,000.
    private const int MaxLength = 10_000;

    /// <summary>The number of values.</summary>
    public int Count => (int)Shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>Reads a header and leaves the stream at the first value.</summary>
    /// <exception cref="InvalidDataException">It is not the header of numbers that this program reads.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[12];
        var first = stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false);
        if (first < 8)
        {
            throw FileStart.Unexpected(start[..first], "a .npy file");
        }

        if (start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
        {
            throw NotNpy(stream, start[..8]);
        }

        if (start[6] is < 1 or > 3)
        {
            throw new InvalidDataException($"It is a .npy file of version {start[6]}.{start[7]}; versions 1 to 3 are known.");
        }

        var prefix = start[6] == 1 ? 10 : 12;
        Fill(stream, start[8..prefix], 8);
        var length = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (length > MaxLength)
        {
            throw new InvalidDataException($"Its header claims {length} bytes; at most {MaxLength} are read.");
        }

        var text = new byte[length];
        Fill(stream, text, prefix);
        return new NpyHeaderText(Encoding.Latin1.GetString(text), prefix).Parse();
    }

    private static InvalidDataException NotNpy(Stream stream, ReadOnlySpan<byte> start)
    {
        Span<byte> more = new byte[FileStart.Length];
        start.CopyTo(more);
        var read = stream.ReadAtLeast(more[start.Length..], more.Length - start.Length, throwOnEndOfStream: false);
        return FileStart.Unexpected(more[..(start.Length + read)], "a .npy file");
    }

    private static void Fill(Stream stream, Span<byte> bytes, int offset)
    {
        var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read < bytes.Length)
        {
            throw new InvalidDataException($"It ends at byte {offset + read}, inside its header.");
        }
    }
}
