using System.Buffers.Binary;

namespace Rvq.Tool.Files;

/// <summary>
/// Reads WAV files as people have them: RIFF, RIFX, RF64 and Wave64; PCM of 8, 16, 24 or 32 bits, float of 32 or 64, A-law and µ-law; any
/// number of channels, which are averaged; and data whose length their recorder could not write or that were cut off, with a warning.
/// </summary>
internal static class WavReader
{
    // Programs that write to a pipe do not know the length of the data and write a number near 2^31 or 2^32.
    private const uint UnknownLength = 0x7FFF_F000;

    // RF64 has its lengths in a chunk of 64-bit numbers: of the file, the data, and samples.
    private const int LongLengthsBytes = 24;

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or one of its lengths does not fit the others.</exception>
    public static WavAudio Read(Stream stream, Action<string> warn) => Read(WholeFile.Read(stream).Span, warn);

    /// <summary>Reads a file that is in memory.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or one of its lengths does not fit the others.</exception>
    public static WavAudio Read(ReadOnlySpan<byte> file, Action<string> warn)
    {
        var container = WavContainer.Of(file) ?? throw FileStart.Unexpected(file[..Math.Min(file.Length, FileStart.Length)], "a WAV file");
        WavFormat? format = null;
        ulong? longLength = null;
        for (long position = container.StartBytes; file.Length - position >= container.HeaderBytes;)
        {
            var chunk = file[(int)position..];
            var (length, left) = (container.ReadLength(chunk, position), chunk.Length - container.HeaderBytes);
            var body = chunk[container.HeaderBytes..];
            if (container.HasName(chunk, "data"u8))
            {
                length = length == uint.MaxValue ? longLength ?? length : length;
                var data = body[..Data(file, container, length, left, warn)];
                return (format ?? throw new InvalidDataException($"The data at byte {position} come before their format.")).Decode(data);
            }

            if (length > (ulong)left)
            {
                throw new InvalidDataException($"The chunk at byte {position} claims {length} bytes, but {left} are left.");
            }

            body = body[..(int)length];
            if (container.HasName(chunk, "fmt "u8))
            {
                format = WavFormat.Read(body, position, container.BigEndian);
            }
            else if (container.HasName(chunk, "ds64"u8) && body.Length >= LongLengthsBytes)
            {
                longLength = BinaryPrimitives.ReadUInt64LittleEndian(body[8..]);
            }

            position += container.HeaderBytes + body.Length;
            position = (position + container.Alignment - 1) / container.Alignment * container.Alignment;
        }

        throw new InvalidDataException("It has no data chunk.");
    }

    /// <summary>The bytes of data that there are, whatever their chunk claims.</summary>
    private static int Data(ReadOnlySpan<byte> file, WavContainer container, ulong length, int left, Action<string> warn)
    {
        if (length == 0 && left > 0
            && container.ReadLength(file, 0) + (ulong)(container.CountsItself ? container.HeaderBytes : 8) != (ulong)file.Length)
        {
            warn($"It says that it has no data, as recorders leave it that cannot go back in a file; the {left} bytes that follow are "
                + "read.");
            return left;
        }

        if (length > (ulong)left && length < UnknownLength)
        {
            warn($"It was cut off: of {length} bytes of data {left} are there.");
        }

        return (int)Math.Min(length, (ulong)left);
    }
}
