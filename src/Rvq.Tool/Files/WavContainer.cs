using System.Buffers.Binary;

namespace Rvq.Tool.Files;

/// <summary>The four ways in which WAV files put chunks one after the other.</summary>
/// <param name="BigEndian">Whether numbers have their highest byte first.</param>
/// <param name="NameBytes">The bytes of a chunk's name, of which the first four are letters.</param>
/// <param name="LengthBytes">The bytes of a chunk's length.</param>
/// <param name="CountsItself">Whether that length includes name and length.</param>
/// <param name="Alignment">Chunks start at multiples of this.</param>
internal sealed record WavContainer(bool BigEndian, int NameBytes, int LengthBytes, bool CountsItself, int Alignment)
{
    private static readonly WavContainer Riff = new(false, 4, 4, false, 2);
    private static readonly WavContainer Rifx = Riff with { BigEndian = true };
    private static readonly WavContainer Wave64 = new(false, 16, 8, true, 8);

    /// <summary>The bytes before a chunk's own.</summary>
    public int HeaderBytes => NameBytes + LengthBytes;

    /// <summary>The bytes before the first chunk.</summary>
    public int StartBytes => HeaderBytes + NameBytes;

    // What follows the letters of a name in Sony's Wave64.
    private static ReadOnlySpan<byte> Wave64Riff => [0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00];

    private static ReadOnlySpan<byte> Wave64Name => [0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A];

    /// <summary>The container of a file, or null if it is none of these.</summary>
    public static WavContainer? Of(ReadOnlySpan<byte> file)
        => file.Length >= Wave64.StartBytes && file.StartsWith("riff"u8) && file[4..].StartsWith(Wave64Riff)
            && file[24..].StartsWith("wave"u8) ? Wave64
            : file.Length < Riff.StartBytes || !file[8..].StartsWith("WAVE"u8) ? null
            : file.StartsWith("RIFF"u8) || file.StartsWith("RF64"u8) || file.StartsWith("BW64"u8) ? Riff
            : file.StartsWith("RIFX"u8) ? Rifx
            : null;

    /// <summary>Whether a chunk at that place has that name.</summary>
    public bool HasName(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> name)
        => chunk.StartsWith(name) && (NameBytes == 4 || chunk[4..].StartsWith(Wave64Name));

    /// <summary>The length that a chunk claims for its own bytes.</summary>
    /// <exception cref="InvalidDataException">It is less than nothing.</exception>
    public ulong ReadLength(ReadOnlySpan<byte> chunk, long position)
    {
        var bytes = chunk[NameBytes..];
        ulong length = LengthBytes == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
            : BigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return !CountsItself ? length
            : length >= (ulong)HeaderBytes ? length - (ulong)HeaderBytes
            : length == 0 ? 0ul
            : throw new InvalidDataException(
                $"The chunk at byte {position} claims {length} bytes, fewer than its own {HeaderBytes} of name and length.");
    }
}
