using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Rvq.Streams;

/// <summary>The records of the .rvq format that are not codes; FORMAT.md describes them. All numbers are little-endian.</summary>
internal static class RvqFormat
{
    public const int MaxCodebooks = 1024;
    public const int MaxCodesPerChunk = 1 << 22;
    public const int MaxHeaderLength = 1 << 20;

    /// <summary>The header up to and with its length.</summary>
    public const int HeaderPrefixLength = 16;

    /// <summary>A chunk header up to its layers' checksums.</summary>
    public const int ChunkPrefixLength = 22;

    /// <summary>An end mark, or a record of the length.</summary>
    public const int NumberRecordLength = 16;

    public const int ChecksumLength = 4;
    public const int MarkLength = 4;

    private const ushort Version = 1;
    private const int HeaderFixedLength = 50;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'R', (byte)'V', (byte)'Q', 0x0D, 0x0A, 0x1A, 0x0A];

    public static ReadOnlySpan<byte> ChunkMark => [0xF5, (byte)'R', (byte)'V', (byte)'C'];

    public static ReadOnlySpan<byte> LengthMark => [0xF5, (byte)'R', (byte)'V', (byte)'L'];

    public static ReadOnlySpan<byte> EndMark => [0xF5, (byte)'R', (byte)'V', (byte)'E'];

    /// <summary>A chunk header with its checksums.</summary>
    public static int ChunkHeaderLength(int codebooks) => ChunkPrefixLength + ((codebooks + 1) * ChecksumLength);

    /// <summary>One copy of the header.</summary>
    public static byte[] Serialize(RvqHeader header)
    {
        if (header.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(header));
        }

        var writer = new ArrayBufferWriter<byte>();
        writer.Write(Magic);
        WriteUInt16(Version);
        WriteUInt16((ushort)header.CodebookCount);
        WriteInt32(0);
        BinaryPrimitives.WriteUInt128LittleEndian(writer.GetSpan(16), header.Fingerprint);
        writer.Advance(16);
        WriteInt32(header.FrameRateNumerator);
        WriteInt32(header.FrameRateDenominator);
        WriteInt32(header.FramesPerBlock);
        for (var i = 0; i < header.CodebookCount; i++)
        {
            WriteInt32(header.CodebookSizes[i]);
            WriteInt32(header.Strides[i]);
        }

        WriteUInt16((ushort)Math.Min(header.Metadata.Count, ushort.MaxValue));
        foreach (var (name, value) in header.Metadata)
        {
            WriteText(name);
            WriteText(value);
        }

        if (writer.WrittenCount > MaxHeaderLength - ChecksumLength || header.Metadata.Count > ushort.MaxValue)
        {
            throw new ArgumentException(
                $"The header has {writer.WrittenCount + ChecksumLength} bytes and {header.Metadata.Count} entries of metadata; "
                    + $"at most {MaxHeaderLength} and {ushort.MaxValue} are possible.",
                nameof(header));
        }

        WriteInt32(0);
        var bytes = writer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(HeaderPrefixLength - sizeof(int)), bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(
            bytes.AsSpan(bytes.Length - ChecksumLength), Crc32.HashToUInt32(bytes.AsSpan(0, bytes.Length - ChecksumLength)));
        return bytes;

        void WriteUInt16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(writer.GetSpan(sizeof(ushort)), value);
            writer.Advance(sizeof(ushort));
        }

        void WriteInt32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(sizeof(int)), value);
            writer.Advance(sizeof(int));
        }

        void WriteText(string text)
        {
            try
            {
                WriteInt32(StrictUtf8.GetByteCount(text));
                StrictUtf8.GetBytes(text, writer);
            }
            catch (EncoderFallbackException exception)
            {
                throw new ArgumentException("The metadata holds text that is no valid Unicode.", nameof(header), exception);
            }
        }
    }

    /// <summary>The length of a header from its first bytes, or null with the fault.</summary>
    public static int? HeaderLength(ReadOnlySpan<byte> prefix, out string fault)
    {
        fault = "this is no .rvq stream: the magic bytes are missing";
        if (!prefix.StartsWith(Magic))
        {
            return null;
        }

        var version = BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]);
        fault = $"the version is {version}, but only {Version} is known";
        if (version != Version)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[12..]);
        fault = $"the header has {length} bytes";
        return length is >= HeaderFixedLength and <= MaxHeaderLength ? (int)length : null;
    }

    /// <summary>Reads a whole header, or gives null with the fault.</summary>
    public static RvqHeader? Parse(ReadOnlySpan<byte> bytes, out string fault)
    {
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumLength..]);
        fault = "the header's checksum is wrong";
        if (Crc32.HashToUInt32(bytes[..^ChecksumLength]) != checksum)
        {
            return null;
        }

        // The checksum is right, so what follows is only wrong in a stream that was made so.
        fault = "the header's fields do not fit its length";
        var rest = bytes[HeaderPrefixLength..^ChecksumLength];
        var codebooks = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        var fingerprint = BinaryPrimitives.ReadUInt128LittleEndian(rest);
        var (numerator, denominator) = (
            BinaryPrimitives.ReadInt32LittleEndian(rest[16..]), BinaryPrimitives.ReadInt32LittleEndian(rest[20..]));
        var framesPerBlock = BinaryPrimitives.ReadInt32LittleEndian(rest[24..]);
        rest = rest[28..];
        if (rest.Length < (codebooks * 8) + sizeof(ushort))
        {
            return null;
        }

        var (sizes, strides) = (new int[codebooks], new int[codebooks]);
        for (var i = 0; i < codebooks; i++, rest = rest[8..])
        {
            (sizes[i], strides[i]) = (BinaryPrimitives.ReadInt32LittleEndian(rest), BinaryPrimitives.ReadInt32LittleEndian(rest[4..]));
        }

        var metadata = new Dictionary<string, string>();
        var entries = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        rest = rest[sizeof(ushort)..];
        for (var i = 0; i < entries; i++)
        {
            if (!TryReadText(ref rest, out var name) || !TryReadText(ref rest, out var value) || !metadata.TryAdd(name, value))
            {
                return null;
            }
        }

        if (!rest.IsEmpty)
        {
            return null;
        }

        var header = new RvqHeader(sizes, strides, framesPerBlock)
        {
            Fingerprint = fingerprint,
            FrameRateNumerator = numerator,
            FrameRateDenominator = denominator,
            Metadata = metadata.AsReadOnly(),
        };
        fault = header.Fault() ?? "";
        return fault.Length == 0 ? header : null;
    }

    /// <summary>
    /// The checksum of a chunk header or an end mark, which holds the header's own so that records of other streams are told apart.
    /// </summary>
    public static uint RecordChecksum(uint headerChecksum, ReadOnlySpan<byte> record)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint) + ChunkPrefixLength + (MaxCodebooks * ChecksumLength)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, headerChecksum);
        record.CopyTo(bytes[sizeof(uint)..]);
        return Crc32.HashToUInt32(bytes[..(sizeof(uint) + record.Length)]);
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest.Length < sizeof(int) || BinaryPrimitives.ReadUInt32LittleEndian(rest) > rest.Length - sizeof(int))
        {
            return false;
        }

        var bytes = rest.Slice(sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(rest));
        rest = rest[(sizeof(int) + bytes.Length)..];
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return false;
        }

        text = StrictUtf8.GetString(bytes);
        return true;
    }
}
