using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// The entries of a zip file, with where each one's bytes lie. Only stored entries can be located: PyTorch compresses nothing, and so no
/// entry can grow when it is read. Compressed ones (numpy's savez_compressed) are inflated to a bounded length.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndRecordBytes = 22;
    private const int LocatorBytes = 20;
    private const int End64RecordBytes = 56;
    private const int EntryBytes = 46;
    private const int LocalHeaderBytes = 30;
    private const long MaxDirectoryBytes = 64_000_000;
    private const int Deflated = 8;

    private readonly Stream _stream;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly long _start;

    public ZipDirectory(Stream stream)
    {
        _stream = stream;
        var (count, length, start) = ReadEnd();
        if (start < 0 || length < 0 || start > stream.Length - length || length > MaxDirectoryBytes || count > length / EntryBytes)
        {
            throw new InvalidDataException(
                $"The zip directory at byte {start} claims {count} entries in {length} bytes of a file of {stream.Length}.");
        }

        _start = start;
        ReadEntries(ReadBytes(start, (int)length), count);
    }

    /// <summary>A file in the zip.</summary>
    public sealed record Entry(string Name, int Method, bool Encrypted, long Length, long StoredLength, long LocalHeader);

    public IEnumerable<Entry> Entries => _entries.Values;

    public Entry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>The offset of an entry's first byte; its <see cref="Entry.Length"/> bytes lie inside the file.</summary>
    public long Locate(Entry entry)
    {
        if (entry.Method != 0 || entry.Encrypted || entry.Length != entry.StoredLength)
        {
            throw new InvalidDataException(
                $"Zip entry {TensorEntry.Quote(entry.Name)} is compressed or encrypted ({entry.StoredLength} bytes for {entry.Length}); "
                + "PyTorch stores its entries as they are.");
        }

        if (entry.LocalHeader < 0 || entry.LocalHeader > _start - LocalHeaderBytes)
        {
            throw Outside(entry);
        }

        return LocateStored(entry);
    }

    /// <summary>Whether a file starts as a zip file. GPT-SoVITS writes digits for the letters PK of the first local header.</summary>
    public static bool Recognises(ReadOnlySpan<byte> start)
        => start is [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..]
            or [(byte)'0', >= (byte)'0' and <= (byte)'9', 3, 4, ..];

    /// <summary>The bytes of an entry, stored or deflated.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="mostBytes">The length that is refused beyond, whatever the directory says.</param>
    public byte[] Inflate(Entry entry, long mostBytes)
    {
        if (entry.Method != Deflated || entry.Encrypted)
        {
            return Read(entry, (int)Math.Min(mostBytes, Array.MaxLength));
        }

        if (entry.Length > mostBytes || entry.Length < 0 || entry.StoredLength < 0 || entry.LocalHeader < 0
            || entry.LocalHeader > _start - LocalHeaderBytes)
        {
            throw new InvalidDataException(
                $"Zip entry {TensorEntry.Quote(entry.Name)} at byte {entry.LocalHeader} has {entry.Length} bytes out of "
                + $"{entry.StoredLength}; at most {mostBytes} are read.");
        }

        using var inflated = new DeflateStream(
            new JoinedStream(_stream, LocateStored(entry), entry.StoredLength), CompressionMode.Decompress);
        var bytes = new byte[entry.Length];
        inflated.ReadExactly(bytes);
        return bytes;
    }

    private long LocateStored(Entry entry)
    {
        var header = ReadBytes(entry.LocalHeader, LocalHeaderBytes);
        var offset = entry.LocalHeader + LocalHeaderBytes + ReadUInt16(header, 26) + ReadUInt16(header, 28);
        if (!Recognises(header) || ReadUInt16(header, 8) != entry.Method || entry.StoredLength < 0 || offset > _start - entry.StoredLength)
        {
            throw Outside(entry);
        }

        return offset;
    }

    /// <summary>The bytes of a stored entry.</summary>
    public byte[] Read(Entry entry, int mostBytes)
        => entry.Length <= mostBytes
            ? ReadBytes(Locate(entry), (int)entry.Length)
            : throw new InvalidDataException(
                $"Zip entry {TensorEntry.Quote(entry.Name)} at byte {entry.LocalHeader} has {entry.Length} bytes; at most {mostBytes} are "
                + "read.");

    private InvalidDataException Outside(Entry entry)
        => new($"Zip entry {TensorEntry.Quote(entry.Name)} at byte {entry.LocalHeader} of {entry.Length} bytes does not end before the "
            + $"directory at {_start}.");

    private (long Count, long Length, long Start) ReadEnd()
    {
        // The end record is followed by a comment of at most 65535 bytes.
        var tailLength = (int)Math.Min(_stream.Length, EndRecordBytes + ushort.MaxValue);
        var tail = ReadBytes(_stream.Length - tailLength, tailLength);
        var at = tail.Length - EndRecordBytes;
        while (at >= 0 && !(tail.AsSpan(at).StartsWith("PK\x5\x6"u8) && at + EndRecordBytes + ReadUInt16(tail, at + 20) == tail.Length))
        {
            at--;
        }

        if (at < 0)
        {
            throw new InvalidDataException("The zip file has no end record; it is cut off.");
        }

        var (count, length, start) = ((long)ReadUInt16(tail, at + 10), (long)ReadUInt32(tail, at + 12), (long)ReadUInt32(tail, at + 16));
        if (at < LocatorBytes || !tail.AsSpan(at - LocatorBytes).StartsWith("PK\x6\x7"u8))
        {
            return (count, length, start);
        }

        var end64At = ReadInt64(tail, at - LocatorBytes + 8);
        if (end64At < 0 || end64At > _stream.Length - End64RecordBytes)
        {
            throw new InvalidDataException($"The zip64 end record is said to be at byte {end64At} of a file of {_stream.Length}.");
        }

        var end64 = ReadBytes(end64At, End64RecordBytes);
        return end64.AsSpan().StartsWith("PK\x6\x6"u8)
            ? (ReadInt64(end64, 32), ReadInt64(end64, 40), ReadInt64(end64, 48))
            : throw new InvalidDataException($"There is no zip64 end record at byte {end64At}.");
    }

    private void ReadEntries(byte[] directory, long count)
    {
        var at = 0;
        for (var i = 0L; i < count; i++)
        {
            if (directory.Length - at < EntryBytes || !directory.AsSpan(at).StartsWith("PK\x1\x2"u8))
            {
                throw new InvalidDataException($"Entry {i} of the zip directory is broken, at byte {_start + at}.");
            }

            var (nameLength, extraLength) = (ReadUInt16(directory, at + 28), ReadUInt16(directory, at + 30));
            var end = at + EntryBytes + nameLength + extraLength + ReadUInt16(directory, at + 32);
            if (end > directory.Length)
            {
                throw new InvalidDataException($"Entry {i} of the zip directory leaves it, at byte {_start + at}.");
            }

            var name = Encoding.UTF8.GetString(directory, at + EntryBytes, nameLength);
            var entry = new Entry(
                name,
                ReadUInt16(directory, at + 10),
                (ReadUInt16(directory, at + 8) & 1) != 0,
                ReadUInt32(directory, at + 24),
                ReadUInt32(directory, at + 20),
                ReadUInt32(directory, at + 42));
            entry = WithZip64(entry, directory.AsSpan(at + EntryBytes + nameLength, extraLength));
            if (!_entries.TryAdd(name, entry))
            {
                throw new InvalidDataException($"Zip entry {TensorEntry.Quote(name)} is there twice.");
            }

            at = end;
        }
    }

    /// <summary>Takes the 64-bit numbers of the extra field for those that do not fit into 32 bits.</summary>
    private static Entry WithZip64(Entry entry, ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            var (id, length) = (BinaryPrimitives.ReadUInt16LittleEndian(extra), BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]));
            var field = extra[4..][..Math.Min(length, extra.Length - 4)];
            if (id == 1)
            {
                return entry with
                {
                    Length = Next(entry.Length, ref field),
                    StoredLength = Next(entry.StoredLength, ref field),
                    LocalHeader = Next(entry.LocalHeader, ref field),
                };
            }

            extra = extra[(4 + field.Length)..];
        }

        return entry;

        static long Next(long value, ref ReadOnlySpan<byte> field)
        {
            if (value != uint.MaxValue || field.Length < sizeof(long))
            {
                return value;
            }

            value = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[sizeof(long)..];
            return value;
        }
    }

    private byte[] ReadBytes(long offset, int count)
    {
        var bytes = new byte[count];
        _stream.Position = offset;
        _stream.ReadExactly(bytes);
        return bytes;
    }

    private static int ReadUInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint ReadUInt32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static long ReadInt64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
}
