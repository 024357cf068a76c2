using System.Buffers.Binary;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>Reads little-endian numbers from a stretch of a stream, every length checked against the bytes that are left.</summary>
internal sealed class StreamCursor
{
    private readonly Window _window;
    private readonly string _format;

    /// <summary>Starts at the first byte of a seekable stream.</summary>
    /// <param name="stream">The stream, which others may read meanwhile.</param>
    /// <param name="format">What is read, for messages.</param>
    public StreamCursor(Stream stream, string format)
        : this(new Window(stream), format, 0, stream.Length)
    {
    }

    private StreamCursor(Window window, string format, long start, long end)
        => (_window, _format, Position, End) = (window, format, start, end);

    /// <summary>The offset of the next byte in the stream.</summary>
    public long Position { get; private set; }

    public long End { get; }

    public long Remaining => End - Position;

    public byte Byte(string what) => Take(1, what)[0];

    public int Int32(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int), what));

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public long Int64(string what) => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long), what));

    public float Single(string what) => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float), what));

    /// <summary>A number of seven bits a byte, lowest first, as protobuf has it.</summary>
    public ulong Varint(string what)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte(what);
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Invalid($"has a number of more than ten bytes in {what}");
    }

    public void Skip(long count, string what)
    {
        if (count < 0 || count > Remaining)
        {
            throw Invalid($"has {count} bytes of {what} where {Remaining} are left");
        }

        Position += count;
    }

    /// <summary>The next bytes, at most <paramref name="most"/>.</summary>
    public byte[] Bytes(long count, int most, string what)
    {
        if (count < 0 || count > most || count > Remaining)
        {
            throw Invalid($"has {count} bytes of {what} where {Remaining} are left and at most {most} are read");
        }

        var bytes = new byte[count];
        _window.Stream.Position = Position;
        _window.Stream.ReadExactly(bytes);
        Position += count;
        return bytes;
    }

    public string Text(long count, int most, string what) => Encoding.UTF8.GetString(Bytes(count, most, what));

    /// <summary>A cursor over the next bytes, which this one skips.</summary>
    public StreamCursor Part(long count, string what)
    {
        if (count < 0 || count > Remaining)
        {
            throw Invalid($"has {count} bytes of {what} where {Remaining} are left");
        }

        var part = new StreamCursor(_window, _format, Position, Position + count);
        Position += count;
        return part;
    }

    public InvalidDataException Invalid(string reason) => new($"The {_format} {reason}, at byte {Position}.");

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (Remaining < count)
        {
            throw new InvalidDataException($"The {_format} ends before its {what}, at byte {Position}.");
        }

        var bytes = _window.Take(Position, count);
        Position += count;
        return bytes;
    }

    /// <summary>The bytes of the stream that were read last; parts of a stretch share them.</summary>
    private sealed class Window(Stream stream)
    {
        private readonly byte[] _bytes = new byte[4096];
        private long _start;
        private int _count;

        public Stream Stream => stream;

        public ReadOnlySpan<byte> Take(long position, int count)
        {
            if (position < _start || position + count > _start + _count)
            {
                _start = position;
                stream.Position = position;
                _count = stream.ReadAtLeast(_bytes, count, throwOnEndOfStream: true);
            }

            return _bytes.AsSpan((int)(position - _start), count);
        }
    }
}
