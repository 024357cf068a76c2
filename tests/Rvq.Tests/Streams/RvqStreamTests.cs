using System.IO.Pipelines;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class RvqStreamTests
{
    public static TheoryData<int[], int[]> Shapes => new()
    {
        { [1024], [1] },
        { [1024, 1024, 1024, 1024], [1, 1, 1, 1] },
        { [1, 2, 3, 1000, 1025, 70000], [1, 1, 1, 1, 1, 1] },
        { [1, 1], [1, 1] },
        { [64, 64, 64], [4, 2, 1] },
        { [5, 1, 300, 7], [6, 3, 2, 1] },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Write_AnyCallsAndChunks_ComesBackAsWritten(int[] sizes, int[] strides)
    {
        var model = RvqSamples.Model(sizes, strides);
        var header = new RvqHeader(model);
        var random = new Random(5);
        foreach (var framesPerChunk in (int?[])[null, 1, 7, 24, 1000])
        {
            var stream = new MemoryStream();
            var writer = new RvqWriter(stream, header, framesPerChunk);
            var written = new List<(int Codebooks, int[] Codes)>();
            for (var call = 0; call < 12; call++)
            {
                // Some calls go on with the codebooks of the one before.
                var codebooks = call % 3 == 2 ? written[^1].Codebooks : 1 + random.Next(sizes.Length);
                var codes = RvqSamples.Codes(header, random.Next(40), codebooks, call);
                writer.Write<int>(codes, codebooks);
                written.Add((codebooks, codes));
            }

            writer.Complete();
            Assert.Equal(
                written.Sum(call => call.Codes.Length / header.GetCodesPerBlock(call.Codebooks)) * header.FramesPerBlock,
                writer.FrameCount);

            using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()), model);
            var chunks = RvqSamples.ReadAll(reader);
            Assert.True(reader.IsComplete);
            Assert.Equal(Runs(written), Runs(chunks.Select(chunk => (chunk.CodebookCount, chunk.ToArray()))));
            var frame = 0L;
            foreach (var chunk in chunks)
            {
                Assert.Equal((frame, 0), (chunk.FirstFrame, chunk.FramesLost));
                Assert.InRange(chunk.FrameCount, 1, framesPerChunk + header.FramesPerBlock - 1 ?? int.MaxValue);
                frame += chunk.FrameCount;
            }

            Assert.Equal(writer.FrameCount, frame);
            Assert.Null(reader.ReadChunk());
        }

        // Codes one after the other, and where their number of codebooks changes.
        static List<(int, string)> Runs(IEnumerable<(int Codebooks, int[] Codes)> parts)
        {
            var runs = new List<(int Codebooks, string Codes)>();
            foreach (var (codebooks, codes) in parts.Where(part => part.Codes.Length > 0))
            {
                var text = string.Join(' ', codes);
                if (runs.Count > 0 && runs[^1].Codebooks == codebooks)
                {
                    runs[^1] = (codebooks, runs[^1].Codes + ' ' + text);
                }
                else
                {
                    runs.Add((codebooks, text));
                }
            }

            return runs;
        }
    }

    [Fact]
    public async Task WriteAsyncAndReadAsync_APipe_AreAsTheSynchronousOnes()
    {
        var header = new RvqHeader(RvqSamples.Model([100, 100, 100]));
        var codes = RvqSamples.Codes(header, 500, 3, 1);
        var expected = new MemoryStream();
        using (var synchronous = new RvqWriter(expected, header, 40, leaveOpen: true))
        {
            synchronous.Write<int>(codes);
            synchronous.Complete();
        }

        var pipe = new Pipe();
        var bytes = new MemoryStream();
        var cancellation = TestContext.Current.CancellationToken;
        var writing = Task.Run(async () =>
        {
            await using var writer = new RvqWriter(new Tee(pipe.Writer.AsStream(), bytes), header, 40);
            await writer.WriteAsync<int>(codes.AsMemory(0, 300), cancellationToken: cancellation);
            await writer.WriteAsync<int>(codes.AsMemory(300), cancellationToken: cancellation);
            await writer.CompleteAsync(cancellation);
        }, cancellation);
        await using var reader = await RvqReader.OpenAsync(pipe.Reader.AsStream(), cancellationToken: cancellation);
        var read = new List<int>();
        await foreach (var chunk in reader.ReadChunksAsync(cancellation))
        {
            read.AddRange(chunk.ToArray());
        }

        await writing;
        Assert.Equal(codes, read);
        Assert.Equal(expected.ToArray(), bytes.ToArray());
    }

    [Fact]
    public void ReadChunk_OneByteAtATime_IsAsAtOnce()
    {
        var header = new RvqHeader(RvqSamples.Model([100, 3, 100], [2, 1, 1]));
        var codes = RvqSamples.Codes(header, 50, 3, 1);
        var bytes = RvqSamples.Stream(header, codes, codes);
        foreach (var recover in (bool[])[false, true])
        {
            foreach (int? codebooks in (int?[])[null, 1, 2, 9])
            {
                var stream = new AwkwardStream([.. bytes, 1, 2, 3], most: 1);
                using var reader = RvqReader.Open(stream, options: new RvqReaderOptions { Recover = recover, CodebookCount = codebooks });
                var chunks = RvqSamples.ReadAll(reader);
                Assert.Equal(2, chunks.Count);
                Assert.All(
                    chunks, chunk => Assert.Equal(RvqSamples.Prefix(header, codes, 3, Math.Min(3, codebooks ?? 3)), chunk.ToArray()));
                Assert.Equal((true, 0), (reader.IsComplete, reader.FaultCount));
                Assert.Equal(bytes.Length, stream.BytesRead);
            }
        }
    }

    [Fact]
    public void ReadChunk_FewerCodebooks_ReadsFewerBytesWhereTheStreamCanSeek()
    {
        var header = new RvqHeader(RvqSamples.Model([.. Enumerable.Repeat(1024, 16)]));
        var codes = RvqSamples.Codes(header, 1000, 16, 1);
        var bytes = RvqSamples.Stream(header, codes, codes, codes);
        var counts = new List<long>();
        foreach (var codebooks in (int[])[1, 4, 16])
        {
            var stream = new CountingStream(bytes);
            using var reader = RvqReader.Open(stream, options: new RvqReaderOptions { CodebookCount = codebooks });
            var chunks = RvqSamples.ReadAll(reader);
            Assert.All(chunks, chunk => Assert.Equal(RvqSamples.Prefix(header, codes, 16, codebooks), chunk.ToArray()));
            Assert.Equal((3, true), (chunks.Count, reader.IsComplete));

            // 3 chunks of 1250 bytes a codebook, their headers of 90, and the header of the stream.
            Assert.InRange(stream.BytesRead, 3 * 1250 * codebooks, (3 * ((1250 * codebooks) + 90)) + 500);
        }
    }

    [Fact]
    public void Write_ChunksWithFewerCodebooks_CutTheBitRateWithoutUnpacking()
    {
        var model = RvqSamples.Model([100, 200, 300, 400]);
        var header = new RvqHeader(model);
        var codes = RvqSamples.Codes(header, 60, 4, 1);
        var bytes = RvqSamples.Stream(header, codes, codes);
        var cut = new MemoryStream();
        using (var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { CodebookCount = 2 }))
        using (var writer = new RvqWriter(cut, reader.Header))
        {
            while (reader.ReadChunk() is { } chunk)
            {
                writer.Write(chunk);
            }

            writer.Complete();
        }

        var direct = new MemoryStream();
        using (var writer = new RvqWriter(direct, header, 60))
        {
            writer.Write<int>(RvqSamples.Prefix(header, codes, 4, 2), 2);
            writer.Write<int>(RvqSamples.Prefix(header, codes, 4, 2), 2);
            writer.Complete();
        }

        Assert.Equal(direct.ToArray(), cut.ToArray());
        using var other = new RvqWriter(new MemoryStream(), new RvqHeader(RvqSamples.Model([100, 200, 300, 400], seed: 2)));
        using var again = RvqReader.Open(new MemoryStream(bytes));
        Assert.Throws<ArgumentException>("chunk", () => other.Write(again.ReadChunk()!));
    }

    [Fact]
    public void Open_HeaderOfAModel_SaysWhatWasWritten()
    {
        var model = RvqSamples.Model([64, 32, 16], [4, 2, 1]);
        var metadata = new Dictionary<string, string> { ["title"] = "Grüße 👋", ["empty"] = "", [""] = "no name" };
        var header = new RvqHeader(model) { Metadata = metadata };
        using var reader = RvqReader.Open(new MemoryStream(RvqSamples.Stream(header)));
        Assert.Equal([64, 32, 16], reader.Header.CodebookSizes);
        Assert.Equal([4, 2, 1], reader.Header.Strides);
        Assert.Equal((4, 75, 1), (reader.Header.FramesPerBlock, reader.Header.FrameRateNumerator, reader.Header.FrameRateDenominator));
        Assert.Equal(header.Fingerprint, reader.Header.Fingerprint);
        Assert.NotEqual(default, header.Fingerprint);
        Assert.Equal(metadata, reader.Header.Metadata);
        Assert.Equal([6, 5, 4], Enumerable.Range(0, 3).Select(reader.Header.GetBitsPerCode));
        Assert.Equal([1, 3, 7], Enumerable.Range(1, 3).Select(reader.Header.GetCodesPerBlock));
        Assert.Null(reader.ReadChunk());
        Assert.True(reader.IsComplete);

        var plain = new RvqHeader([1024, 1000]) { FrameRateNumerator = 11025, FrameRateDenominator = 128 };
        using var second = RvqReader.Open(new MemoryStream(RvqSamples.Stream(plain)));
        Assert.Equal((default, 86.1328125), (second.Header.Fingerprint, second.Header.FrameRate));
    }

    [Fact]
    public void Decode_ChunksOfAnyCodebookCount_IsTheDequantizersResult()
    {
        var model = RvqSamples.Model([50, 60, 70]);
        var header = new RvqHeader(model.Take(2));
        var codes = RvqSamples.Codes(header, 20, 2, 3);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, leaveOpen: true))
        {
            writer.Write<int>(codes);
            writer.Write<int>(RvqSamples.Prefix(header, codes, 2, 1), 1);
            writer.Complete();
        }

        // The model may have more codebooks than the stream.
        stream.Position = 0;
        using var reader = RvqReader.Open(stream, model);
        foreach (var chunk in RvqSamples.ReadAll(reader))
        {
            var frames = new float[chunk.FrameCount * model.Dimensions];
            reader.Decode(chunk, frames);
            Assert.Equal(new Dequantizer(model.Take(chunk.CodebookCount)).Decode(chunk.ToArray()), frames);
        }
    }

    [Fact]
    public void Decode_MultiScaleModel_IsTheDequantizersResult()
    {
        var model = RvqSamples.Model([50, 60, 70], [4, 2, 1]);
        var header = new RvqHeader(model);
        var codes = RvqSamples.Codes(header, 5, 3, 3);
        var bytes = RvqSamples.Stream(header, codes);
        foreach (var codebooks in (int[])[1, 2, 3])
        {
            using var reader = RvqReader.Open(new MemoryStream(bytes), model, new RvqReaderOptions { CodebookCount = codebooks });
            var chunk = reader.ReadChunk()!;
            var frames = new float[20 * model.Dimensions];
            reader.Decode(chunk, frames);
            Assert.Equal(20, chunk.FrameCount);
            Assert.Equal(new Dequantizer(model.Take(codebooks)).Decode(RvqSamples.Prefix(header, codes, 3, codebooks)), frames);
        }
    }

    [Fact]
    public void Open_OtherModel_IsRefusedUnlessTheCallerInsists()
    {
        var model = RvqSamples.Model([50, 60]);
        var header = new RvqHeader(model);
        var bytes = RvqSamples.Stream(header, RvqSamples.Codes(header, 20, 2, 3));
        var insisting = new RvqReaderOptions { AllowOtherModel = true };
        var other = RvqSamples.Model([50, 60], seed: 9);
        Assert.Contains(
            "fingerprint",
            Assert.Throws<ArgumentException>("model", () => RvqReader.Open(new MemoryStream(bytes), other)).Message,
            StringComparison.Ordinal);
        using (var reader = RvqReader.Open(new MemoryStream(bytes), other, insisting))
        {
            var chunk = reader.ReadChunk()!;
            var frames = new float[20 * 3];
            reader.Decode(chunk, frames);
            Assert.Equal(new Dequantizer(other).Decode(chunk.ToArray()), frames);
        }

        // A model that cannot decode the codes is refused whatever the caller says.
        Assert.Throws<ArgumentException>("model", () => RvqReader.Open(new MemoryStream(bytes), model.Take(1), insisting));
        Assert.Throws<ArgumentException>("model", () => RvqReader.Open(new MemoryStream(bytes), RvqSamples.Model([60, 60]), insisting));
        using var unknown = RvqReader.Open(new MemoryStream(bytes));
        Assert.Throws<InvalidOperationException>(() => unknown.Decode(unknown.ReadChunk()!, new float[60]));
    }

    [Fact]
    public void Fingerprint_AnythingThatDeterminesCodes_ChangesIt()
    {
        float[] rows = [1, 2, 3, 4];
        var models = new List<RvqModel>
        {
            new(new Codebook(rows, 2)),
            new(new Codebook(rows, 1)),
            new(new Codebook([1, 2, 3, 5], 2)),
            new(new Codebook(rows, 2), new Codebook(rows, 2)),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), metric: SearchMetric.Cosine)])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), metric: SearchMetric.InnerProduct)])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), metric: SearchMetric.NormalizedEuclidean)])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), stride: 2)])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2))]), new ResidualStack([new Stage(new Codebook(rows, 2))])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), new Projection(rows, 2))])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2), null, new Projection(rows, 2))])),
            new(new ResidualStack([new Stage(new Codebook(rows, 2))], new Projection(rows, 2))),
            new(new ResidualStack([new Stage(new Codebook(rows, 2))], null, new Projection(rows, 2))),
            new(new ResidualStack([new Stage(new Codebook(rows, 2))], null, new Projection(rows, 2, [0, 0]))),
        };
        models.Add(new(new ResidualStack([new Stage(new Codebook(rows, 2))], null, new Projection(rows, 2, [0, 1]))));

        // One stage with a stride of 2 in blocks of 2, and of 4 as the first of two.
        ResidualStack strided = new([new Stage(new Codebook(rows, 2), stride: 2), new Stage(new Codebook(rows, 2), stride: 4)]);
        models.Add(new RvqModel(strided).Take(1));
        var prints = models.ConvertAll(model => new RvqHeader(model).Fingerprint);
        Assert.Equal(prints.Count, prints.Distinct().Count());
        Assert.Equal(
            prints[0], new RvqHeader(new RvqModel(new Codebook(rows, 2)) { Family = "x", SampleRate = 1, HopLength = 1 }).Fingerprint);
        Assert.Equal(prints[0], new RvqHeader(models[3].Take(1)).Fingerprint);
    }

    [Fact]
    public void Write_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var header = new RvqHeader([10, 20]);
        var stream = new MemoryStream();
        var writer = new RvqWriter(stream, header, 1);
        Assert.Contains(
            "20 at row 1, column 1",
            Assert.Throws<ArgumentOutOfRangeException>("codes", () => writer.Write<int>([1, 1, 1, 20])).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => writer.Write<long>([1, -1]));
        Assert.Throws<ArgumentException>("codes", () => writer.Write<int>([1, 1, 1]));
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => writer.Write<int>([1, 1, 1], 3));
        Assert.Equal(0, stream.Length);
        writer.Complete();
        Assert.Throws<InvalidOperationException>(() => writer.Write<int>([1, 1]));
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<ArgumentOutOfRangeException>("framesPerChunk", () => new RvqWriter(stream, header, 0));
        Assert.Throws<ArgumentException>("codebookSizes", () => new RvqHeader([]));
        Assert.Throws<ArgumentException>("codebookSizes", () => new RvqHeader([10, 0]));
        Assert.Throws<ArgumentException>("codebookSizes", () => new RvqHeader(new int[1025]));
        Assert.Throws<ArgumentException>("header", () => new RvqWriter(stream, new RvqHeader([10]) { FrameRateNumerator = 5 }));
        Assert.Throws<ArgumentException>(
            "header", () => new RvqWriter(stream, new RvqHeader([10]) { Metadata = new Dictionary<string, string> { ["a"] = "\ud800" } }));
        Assert.Throws<ArgumentException>(
            "header",
            () => new RvqWriter(stream, new RvqHeader([10]) { Metadata = new Dictionary<string, string> { ["a"] = new('x', 1 << 20) } }));
        Assert.Throws<ArgumentException>(
            "codes",
            () => RvqReader.Open(new MemoryStream(RvqSamples.Stream(new RvqHeader([300]), [299]))).ReadChunk()!.CopyTo(new byte[1]));
    }

    [Fact]
    public void Write_CodebookLeftOut_IsRefusedWithTheReasonAndTheWay()
    {
        using var writer = new RvqWriter(new MemoryStream(), new RvqHeader([10, 20]));
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => writer.Write<int>([1, 2, 3, -1]), "-1 at row 1, column 1", "left out", "codebookCount", "Take");
        writer.Write<int>([1, 2]);
        writer.Write<int>([3], 1);
        Assert.Equal(2, writer.FrameCount);
    }

    [Fact]
    public async Task WriteAsync_FewerCodebooksAndWhatDoesNotFit_AreAsTheSynchronousOnes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        int[] codes = [1, 2, 3, 10, 0];
        var stream = new MemoryStream();
        await using var writer = new RvqWriter(stream, new RvqHeader([10, 20]), 2);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            "codes", async () => await writer.WriteAsync<int>(codes.AsMemory(3), cancellationToken: cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            "codes", async () => await writer.WriteAsync<int>(codes.AsMemory(0, 3), cancellationToken: cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            "codebookCount", async () => await writer.WriteAsync<int>(codes.AsMemory(0, 1), 0, cancellation));
        await writer.WriteAsync<int>(codes.AsMemory(0, 3), 1, cancellation);
        await writer.CompleteAsync(cancellation);
        using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()));
        Assert.Equal([(2, 1), (1, 1)], RvqSamples.ReadAll(reader).Select(chunk => (chunk.FrameCount, chunk.CodebookCount)));
        Assert.Equal(3, reader.FrameCount);
    }

    [Fact]
    public void Open_LastMetadataValueEmpty_ComesBack()
    {
        var metadata = new Dictionary<string, string> { ["a"] = "b", ["last"] = "" };
        using var reader = RvqReader.Open(new MemoryStream(RvqSamples.Stream(new RvqHeader([10]) { Metadata = metadata })));
        Assert.Equal(metadata, reader.Header.Metadata);
    }

    [Fact]
    public void ReadChunk_FewerCodebooksOfAStreamThatCannotSeek_SkipsWhatComesInSmallPieces()
    {
        // The layers that nobody wants are longer than what comes at a time, and hold what looks like records.
        var header = new RvqHeader([1024, 256, 256, 256]);
        byte[] mark = [0xF5, 0x52, 0x56, 0x43];
        int[] codes = [.. Enumerable.Range(0, 4 * 500).Select(i => i % 4 == 0 ? i / 4 : mark[i / 4 % 4])];
        var bytes = RvqSamples.Stream(header, codes, codes);
        foreach (var most in (int[])[1, 7, 100, 1000])
        {
            foreach (var recover in (bool[])[false, true])
            {
                using var reader = RvqReader.Open(
                    new AwkwardStream(bytes, most), options: new RvqReaderOptions { CodebookCount = 1, Recover = recover });
                Assert.All(RvqSamples.ReadAll(reader), chunk => Assert.Equal(Enumerable.Range(0, 500), chunk.ToArray()));
                Assert.Equal((true, 1000, 0), (reader.IsComplete, reader.FrameCount, reader.FaultCount));
            }
        }
    }

    [Fact]
    public async Task Write_DiskFullOrCancelled_StopsAndLeavesCompleteChunks()
    {
        var header = new RvqHeader([1000, 1000]);
        var codes = RvqSamples.Codes(header, 100, 2, 1);
        var whole = RvqSamples.Stream(header, codes, codes);
        var disk = new FullDisk(whole.Length - 16 - 10);
        var writer = new RvqWriter(disk, header, 100);
        writer.Write<int>(codes);
        Assert.Throws<IOException>(() => writer.Write<int>(codes));
        Assert.Throws<InvalidOperationException>(() => writer.Write<int>(codes));
        Assert.Throws<InvalidOperationException>(writer.Complete);
        using var reader = RvqReader.Open(new MemoryStream(disk.ToArray()));
        Assert.Equal(codes, reader.ReadChunk()!.ToArray());
        Assert.Contains(
            "Chunk 1 at offset", Assert.Throws<InvalidDataException>(() => reader.ReadChunk()).Message, StringComparison.Ordinal);

        using var cancellation = new CancellationTokenSource();
        var second = new RvqWriter(new FullDisk(10000), header, 100);
        await second.WriteAsync<int>(codes, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await second.WriteAsync<int>(codes, cancellationToken: cancellation.Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.CompleteAsync(CancellationToken.None));
    }

    [Fact]
    public async Task ReadChunk_StreamThatThrowsOrIsCancelled_GivesTheErrorAndCanGoOn()
    {
        var header = new RvqHeader([1000, 1000]);
        var codes = RvqSamples.Codes(header, 100, 2, 1);
        var bytes = RvqSamples.Stream(header, codes, codes);
        using (var reader = RvqReader.Open(new AwkwardStream(bytes, failAt: bytes.Length - 30)))
        {
            Assert.Equal(codes, reader.ReadChunk()!.ToArray());
            Assert.Throws<IOException>(() => reader.ReadChunk());
        }

        using var cancellation = new CancellationTokenSource();
        await using var second = await RvqReader.OpenAsync(new AwkwardStream(bytes, most: 9), cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await second.ReadChunkAsync(cancellation.Token));
        Assert.Equal(codes, (await second.ReadChunkAsync(CancellationToken.None))!.ToArray());
    }

    /// <summary>Writes to two streams.</summary>
    private sealed class Tee(Stream first, Stream second) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            second.Write(buffer.Span);
            await first.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => first.FlushAsync(cancellationToken);

        protected override void Dispose(bool disposing)
        {
            first.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            var count = base.Read(buffer);
            BytesRead += count;
            return count;
        }
    }
}
