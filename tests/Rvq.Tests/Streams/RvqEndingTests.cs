using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>How streams end: completed or not, and within a block.</summary>
public class RvqEndingTests
{
    private static readonly RvqModel Snac = RvqSamples.Model([50, 60, 70], [4, 2, 1]);

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public async Task Dispose_WithoutComplete_KeepsEveryFrameAndTheReaderSaysThatTheEndMarkIsMissing(int framesPerBlock, bool isAsync)
    {
        var header = new RvqHeader(RvqSamples.Model([50, 60], [framesPerBlock, 1]));
        foreach (var rows in (int[])[0, 1, 9, 10, 11, 25])
        {
            var codes = RvqSamples.Codes(header, rows, 2, rows);
            var stream = new MemoryStream();
            var writer = new RvqWriter(stream, header, 10 * framesPerBlock);
            if (isAsync)
            {
                await writer.WriteAsync<int>(codes, cancellationToken: TestContext.Current.CancellationToken);
                await writer.DisposeAsync();
                await writer.DisposeAsync();
            }
            else
            {
                writer.Write<int>(codes);
                writer.Dispose();
                writer.Dispose();
            }

            Assert.Throws<ObjectDisposedException>(() => stream.Position);
            Assert.Throws<ObjectDisposedException>(() => writer.Write<int>(codes));
            Assert.Throws<ObjectDisposedException>(writer.Complete);
            using var strict = RvqReader.Open(new MemoryStream(stream.ToArray()));
            var read = new List<int>();
            Assert.Contains(
                "end mark is missing", Assert.Throws<InvalidDataException>(() => ReadInto(strict, read)).Message, StringComparison.Ordinal);
            Assert.Equal(codes, read);
            Assert.Null(strict.FrameCount);
            read.Clear();
            using var recovering = RvqReader.Open(new MemoryStream(stream.ToArray()), options: new RvqReaderOptions { Recover = true });
            ReadInto(recovering, read);
            Assert.Equal(codes, read);
            Assert.Contains("end mark is missing", recovering.FirstFault, StringComparison.Ordinal);
            Assert.Equal((false, 1, 0), (recovering.IsComplete, recovering.FaultCount, recovering.FramesLost));
        }
    }

    [Fact]
    public async Task Dispose_AfterAFailedWriteOrOnAFullDisk_ClosesTheStreamAndWritesNoMore()
    {
        var header = new RvqHeader([1000, 1000]);
        var codes = RvqSamples.Codes(header, 100, 2, 1);
        var room = RvqSamples.Stream(header).Length;
        foreach (var isAsync in (bool[])[false, true])
        {
            // The disk is full while the rest is flushed: the caller learns of it.
            var full = new FullDisk(room);
            var writer = new RvqWriter(full, header, 200);
            writer.Write<int>(codes);
            await Assert.ThrowsAsync<IOException>(() => Dispose(writer, isAsync));
            Assert.Throws<ObjectDisposedException>(() => full.Position);
            await Dispose(writer, isAsync);

            // A write failed before: its half record stays the last.
            var failed = new FullDisk(room);
            var second = new RvqWriter(failed, header, 50);
            Assert.Throws<IOException>(() => second.Write<int>(codes));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.FlushAsync(TestContext.Current.CancellationToken));
            Assert.Throws<InvalidOperationException>(second.Flush);
            await Dispose(second, isAsync);
            Assert.Equal(room, failed.ToArray().Length);
        }

        static async Task Dispose(RvqWriter writer, bool isAsync)
        {
            if (isAsync)
            {
                await writer.DisposeAsync();
            }
            else
            {
                writer.Dispose();
            }
        }
    }

    [Fact]
    public async Task Flush_SyncOrAsync_FlushesTheStreamToo()
    {
        var stream = new FlushCounting();
        var writer = new RvqWriter(stream, new RvqHeader([10]), 100);
        writer.Write<int>([1]);
        Assert.Equal(0, stream.Flushes);
        writer.Flush();
        Assert.Equal(1, stream.Flushes);
        await writer.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, stream.Flushes);
        await writer.CompleteAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, stream.Flushes);
    }

    [Fact]
    public async Task Dispose_LeaveOpen_ClosesNothing()
    {
        var header = new RvqHeader([10]);
        foreach (var leaveOpen in (bool[])[false, true])
        {
            foreach (var isAsync in (bool[])[false, true])
            {
                var stream = new MemoryStream();
                var writer = new RvqWriter(stream, header, leaveOpen: leaveOpen);
                writer.Write<int>([1, 2, 3]);
                var reading = new MemoryStream(RvqSamples.Stream(header, [1, 2]));
                var reader = RvqReader.Open(reading, leaveOpen: leaveOpen);
                if (isAsync)
                {
                    await writer.DisposeAsync();
                    await reader.DisposeAsync();
                }
                else
                {
                    writer.Dispose();
                    reader.Dispose();
                }

                Assert.Equal((leaveOpen, leaveOpen), (stream.CanWrite, reading.CanRead));
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(null)]
    public async Task Complete_StreamThatEndsWithinABlock_HasThatManyFrames(int? framesPerChunk)
    {
        var header = new RvqHeader(Snac);
        for (var blocks = 0; blocks < 8; blocks++)
        {
            var codes = RvqSamples.Codes(header, blocks, 3, blocks);
            var all = new Dequantizer(Snac).Decode(codes);
            for (var frames = blocks * 4; frames >= 0 && frames > (blocks - 1) * 4; frames--)
            {
                var stream = new MemoryStream();
                await using (var writer = new RvqWriter(stream, header, framesPerChunk, leaveOpen: true))
                {
                    writer.Write<int>(codes);
                    if (frames % 2 == 0)
                    {
                        writer.Complete(frames);
                    }
                    else
                    {
                        await writer.CompleteAsync(frames, TestContext.Current.CancellationToken);
                    }

                    Assert.Equal(frames, writer.FrameCount);
                }

                // Whole blocks need no record of the length, so that older readers know all of the stream.
                Assert.Equal(frames % 4 != 0, stream.ToArray().AsSpan().IndexOf((ReadOnlySpan<byte>)[0xF5, 0x52, 0x56, 0x4C]) >= 0);
                foreach (var recover in (bool[])[false, true])
                {
                    using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()), Snac, new RvqReaderOptions { Recover = recover });
                    var (decoded, read) = (new List<float>(), new List<int>());
                    while (reader.ReadChunk() is { } chunk)
                    {
                        Assert.Equal(decoded.Count / 3, chunk.FirstFrame);
                        var part = new float[chunk.FrameCount * 3];
                        reader.Decode(chunk, part);
                        decoded.AddRange(part);
                        read.AddRange(chunk.ToArray());
                    }

                    Assert.Equal(all[..(frames * 3)], decoded);
                    Assert.Equal(codes, read);
                    Assert.Equal((true, frames, 0, 0), (reader.IsComplete, reader.FrameCount, reader.FaultCount, reader.FramesLost));
                }
            }
        }
    }

    [Fact]
    public void Complete_LastChunkSentOffBefore_IsToldByTheReaderAlone()
    {
        var header = new RvqHeader(Snac);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, leaveOpen: true))
        {
            writer.Write<int>(RvqSamples.Codes(header, 4, 3, 1));
            writer.Flush();
            writer.Complete(13);
        }

        stream.Position = 0;
        using var reader = RvqReader.Open(stream, Snac);
        Assert.Equal(16, reader.ReadChunk()!.FrameCount);
        Assert.Null(reader.FrameCount);
        Assert.Null(reader.ReadChunk());
        Assert.Equal((true, 13), (reader.IsComplete, reader.FrameCount));
    }

    [Fact]
    public void Complete_FrameCountsThatTheBlocksDoNotHold_AreRefused()
    {
        var header = new RvqHeader(Snac);
        var stream = new MemoryStream();
        var writer = new RvqWriter(stream, header);
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => writer.Complete(1), "[0, 0]", "is 1");
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => writer.Complete(-1), "[0, 0]", "is -1");
        writer.Write<int>(RvqSamples.Codes(header, 4, 3, 1));
        foreach (var frames in (long[])[12, 17, -3, long.MaxValue])
        {
            Refused.For<ArgumentOutOfRangeException>("frameCount", () => writer.Complete(frames), "[13, 16]", $"is {frames}");
        }

        writer.Complete(13);
        using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()));
        Assert.Equal((13, 13), (reader.ReadChunk()!.FrameCount, reader.FrameCount));

        var plain = new RvqWriter(new MemoryStream(), new RvqHeader([10]));
        plain.Write<int>([1, 2]);
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => plain.Complete(1), "[2, 2]");
    }

    [Fact]
    public void Write_ChunkThatEndsWithinABlock_EndsTheCopyThereToo()
    {
        var header = new RvqHeader(Snac);
        var codes = RvqSamples.Codes(header, 5, 3, 1);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 8, leaveOpen: true))
        {
            writer.Write<int>(codes);
            writer.Complete(18);
        }

        stream.Position = 0;
        using var reader = RvqReader.Open(stream, options: new RvqReaderOptions { CodebookCount = 2 });
        var copy = new MemoryStream();
        using (var writer = new RvqWriter(copy, reader.Header))
        {
            writer.Write(reader.ReadChunk()!);
            writer.Write(reader.ReadChunk()!);
            var last = reader.ReadChunk()!;
            Assert.Equal(2, last.FrameCount);
            writer.Write(last);
            Assert.Equal(18, writer.FrameCount);
            Assert.Contains(
                "18 frames", Assert.Throws<InvalidOperationException>(() => writer.Write(last)).Message, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => writer.Write<int>(codes));
            Refused.For<ArgumentOutOfRangeException>("frameCount", () => writer.Complete(19), "[18, 18]");
            writer.Complete();
            Assert.Throws<InvalidOperationException>(writer.Complete);
        }

        using var second = RvqReader.Open(new MemoryStream(copy.ToArray()));
        Assert.Equal([8, 8, 2], RvqSamples.ReadAll(second).Select(chunk => chunk.FrameCount));
        Assert.Equal(18, second.FrameCount);
    }

    private sealed class FlushCounting : MemoryStream
    {
        public int Flushes { get; private set; }

        public override void Flush() => Flushes++;

        public override Task FlushAsync(CancellationToken cancellationToken)
        {
            Flush();
            return Task.CompletedTask;
        }
    }

    private static void ReadInto(RvqReader reader, List<int> codes)
    {
        while (reader.ReadChunk() is { } chunk)
        {
            codes.AddRange(chunk.ToArray());
        }
    }
}
