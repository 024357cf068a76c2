using System.Numerics.Tensors;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>A recovering reader that fills gaps keeps the time of every frame.</summary>
public class RvqGapTests
{
    private const int Rows = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void ReadChunk_AnyChunksMissing_KeepsEveryFrameInItsPlace(int framesPerBlock)
    {
        var model = RvqSamples.Model([5, 16, 1000], [framesPerBlock, 1, 1]);
        var header = new RvqHeader(model);
        int[][] codes = [.. Enumerable.Range(1, 4).Select(seed => RvqSamples.Codes(header, Rows, 3, seed))];
        var whole = RvqSamples.Stream(header, codes);
        var start = RvqSamples.Stream(header).Length - 16;
        var length = (whole.Length - 16 - start) / 4;
        var frames = Rows * framesPerBlock;
        for (var kept = 0; kept < 16; kept++)
        {
            foreach (var codebooks in (int?[])[null, 2])
            {
                byte[] bytes =
                [
                    .. whole[..start],
                    .. Enumerable.Range(0, 4).Where(i => (kept >> i & 1) == 1).SelectMany(
                        i => whole.Skip(start + (i * length)).Take(length)),
                    .. whole[^16..],
                ];
                var options = new RvqReaderOptions { Recover = true, FillGaps = true, CodebookCount = codebooks };
                using var reader = RvqReader.Open(new AwkwardStream(bytes, 7), model, options);
                var chunks = RvqSamples.ReadAll(reader);
                var n = codebooks ?? 3;
                var expected = Enumerable.Range(0, 4).SelectMany(i => (kept >> i & 1) == 1
                    ? RvqSamples.Prefix(header, codes[i], 3, n)
                    : [.. Enumerable.Repeat(-1, Rows * header.GetCodesPerBlock(n))]);
                Assert.Equal(expected, chunks.SelectMany(chunk => chunk.ToArray()));
                var next = 0L;
                foreach (var chunk in chunks)
                {
                    Assert.Equal((next, n, 0), (chunk.FirstFrame, chunk.CodebookCount, chunk.FramesLost));
                    next += chunk.FrameCount;
                    var decoded = Enumerable.Repeat(7f, chunk.FrameCount * 3).ToArray();
                    reader.Decode(chunk, decoded);
                    Assert.Equal(chunk.IsGap ? new float[decoded.Length] : new Dequantizer(model.Take(n)).Decode(chunk.ToArray()), decoded);
                }

                Assert.Equal((4 * frames, 4 * frames), (next, reader.FrameCount));
                var lost = (4 - System.Numerics.BitOperations.PopCount((uint)kept)) * frames;
                Assert.Equal((true, lost), (reader.IsComplete, reader.FramesLost));
                Assert.Null(reader.ReadChunk());
            }
        }
    }

    [Fact]
    public void ReadChunk_LastChunkOfAnEarlyEndMissing_FillsUpToTheEnd()
    {
        var header = new RvqHeader(RvqSamples.Model([50, 60], [4, 1]));
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 8))
        {
            writer.Write<int>(RvqSamples.Codes(header, 4, 2, 1));
            writer.Complete(13);
        }

        // A byte of the second chunk's last layer, before the end mark.
        var bytes = stream.ToArray();
        bytes[^17] ^= 1;
        using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = true, FillGaps = true });
        var chunks = RvqSamples.ReadAll(reader);
        Assert.Equal([(0L, 8, false), (8, 5, true)], chunks.Select(chunk => (chunk.FirstFrame, chunk.FrameCount, chunk.IsGap)));
        Assert.Equal((5, 13, 1), (reader.FramesLost, reader.FrameCount, reader.FaultCount));
    }

    [Fact]
    public void ReadChunk_WithoutFillGaps_LeavesThemOut()
    {
        var header = new RvqHeader([1000, 1000]);
        int[][] codes = [.. Enumerable.Range(1, 3).Select(seed => RvqSamples.Codes(header, 5, 2, seed))];
        var bytes = RvqSamples.Stream(header, codes);
        bytes[RvqSamples.Stream(header, codes[0]).Length + 10] ^= 1;
        using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = true });
        Assert.Equal([(0L, 0L), (10, 5)], RvqSamples.ReadAll(reader).Select(chunk => (chunk.FirstFrame, chunk.FramesLost)));
    }

    [Fact]
    public void ReadChunk_GapLongerThanAChunkCanBe_IsLeftOut()
    {
        // Two streams of one header: the second one's chunks are far on.
        var header = new RvqHeader([2, 2]);
        foreach (var (missing, isFilled) in (IEnumerable<(int, bool)>)[(1 << 21, true), ((1 << 21) + 1, false)])
        {
            var stream = new MemoryStream();
            using (var writer = new RvqWriter(stream, header, 1))
            {
                writer.Write<int>([1, 1]);
                writer.Write<int>(new int[2]);
            }

            var start = stream.ToArray().Length;
            var far = new MemoryStream();
            using (var writer = new RvqWriter(far, header, 1 << 21, leaveOpen: true))
            {
                writer.Write<int>(new int[2 * (missing + 2)]);
                writer.Flush();
                far.SetLength(0);
                writer.Write<int>([1, 0]);
                writer.Complete();
            }

            byte[] bytes = [.. stream.ToArray(), .. far.ToArray()];
            using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = true, FillGaps = true });
            var chunks = RvqSamples.ReadAll(reader);
            Assert.Equal((2 + missing, missing), (chunks[^1].FirstFrame, reader.FramesLost));
            Assert.Equal(isFilled ? 4 : 3, chunks.Count);
            Assert.Equal((isFilled, isFilled ? 0 : missing), (chunks[2].IsGap, chunks[^1].FramesLost));
        }
    }

    [Fact]
    public void Decode_GapOfAModelWhoseZeroIsAnother_IsZeros()
    {
        ResidualStack stack = new([new Stage(new Codebook([1, 2], 1))], new Projection([1, 1], 2), new Projection([1, 1], 1, [5, 6]));
        var model = new RvqModel(stack);
        var bytes = RvqSamples.Stream(new RvqHeader(model), [1], [0]);
        bytes[RvqSamples.Stream(new RvqHeader(model)).Length - 16 + 3] ^= 1;
        using var reader = RvqReader.Open(new MemoryStream(bytes), model, new RvqReaderOptions { Recover = true, FillGaps = true });
        var gap = reader.ReadChunk()!;
        float[] frames = [7, 7];
        reader.Decode(gap, frames);
        Assert.True(gap.IsGap);
        Assert.Equal([0, 0], frames);
    }

    [Fact]
    public void Gap_WhatItHasNot_IsRefused()
    {
        var header = new RvqHeader([200, 2]);
        var bytes = RvqSamples.Stream(header, [1, 1], [2, 0]);
        bytes[RvqSamples.Stream(header).Length - 16 + 3] ^= 1;
        using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = true, FillGaps = true });
        var gap = reader.ReadChunk()!;
        Assert.True(gap.IsGap);
        using var writer = new RvqWriter(new MemoryStream(), header);
        Refused.For<ArgumentException>("chunk", () => writer.Write(gap), "lost");
        var codes = new byte[] { 7, 7 };
        Refused.For<ArgumentException>("codes", () => gap.CopyTo<byte>(codes), "Byte", "-1");
        Refused.For<ArgumentException>("codes", () => gap.CopyTo<byte>(new TensorSpan<byte>(codes, [1, 2])), "Byte", "-1");
        Assert.Equal([7, 7], codes);
        var signed = new sbyte[2];
        gap.CopyTo<sbyte>(signed);
        Assert.Equal([-1, -1], signed);
        Assert.False(reader.ReadChunk()!.IsGap);
    }
}
