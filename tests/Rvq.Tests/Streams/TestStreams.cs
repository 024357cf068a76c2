namespace Rvq.Tests.Streams;

/// <summary>A stream that cannot seek, gives few bytes at a time, counts them, and fails or is cancelled where it is told to.</summary>
internal sealed class AwkwardStream(byte[] bytes, int most = int.MaxValue, int failAt = int.MaxValue) : Stream
{
    private readonly MemoryStream _inner = new(bytes);

    public int BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        Assert.False(buffer.IsEmpty);
        if (BytesRead >= failAt)
        {
            throw new IOException("The line is down.");
        }

        var count = _inner.Read(buffer[..Math.Min(Math.Min(most, failAt - BytesRead), buffer.Length)]);
        BytesRead += count;
        return count;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>A disk with room for so many bytes.</summary>
internal sealed class FullDisk(int room) : MemoryStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        base.Write(buffer[..(int)Math.Min(buffer.Length, room - Length)]);
        if (Length == room)
        {
            throw new IOException("There is no space left.");
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }
}
