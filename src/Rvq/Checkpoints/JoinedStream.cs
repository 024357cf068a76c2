namespace Rvq.Checkpoints;

/// <summary>
/// Stretches of streams, and arrays, end to end as one stream that can only be read. It grows at its end and does not own its parts.
/// </summary>
internal sealed class JoinedStream : Stream
{
    private readonly List<Part> _parts = [];
    private long _length;

    public JoinedStream()
    {
    }

    public JoinedStream(Stream stream, long start, long length) => Append(stream, start, length);

    private sealed record Part(Stream Stream, long Start, long Length, long At);

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position { get; set; }

    /// <summary>Adds a stretch of a seekable stream, and returns where it starts here.</summary>
    public long Append(Stream stream, long start, long length)
    {
        var at = _length;
        _parts.Add(new Part(stream, start, length, at));
        _length += length;
        return at;
    }

    /// <summary>Adds an array, and returns where it starts here.</summary>
    public long Append(byte[] bytes) => Append(new MemoryStream(bytes, writable: false), 0, bytes.Length);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (Position < 0 || Position >= _length || buffer.IsEmpty)
        {
            return 0;
        }

        var part = Find(Position);
        var from = Position - part.At;
        part.Stream.Position = part.Start + from;
        var read = part.Stream.Read(buffer[..(int)Math.Min(buffer.Length, part.Length - from)]);
        Position += read;
        return read;
    }

    public override long Seek(long offset, SeekOrigin origin)
        => Position = offset + (origin == SeekOrigin.Begin ? 0 : origin == SeekOrigin.Current ? Position : _length);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>The last part that starts at or before a position: empty parts before it are skipped.</summary>
    private Part Find(long position)
    {
        var (low, high) = (0, _parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _parts[middle].At <= position ? (middle, high) : (low, middle - 1);
        }

        return _parts[low];
    }
}
