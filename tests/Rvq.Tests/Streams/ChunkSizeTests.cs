using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>What the default chunk costs, and how long a reader waits for it.</summary>
public class ChunkSizeTests
{
    // Codebook sizes, strides, frames per second as numerator and denominator.
    public static TheoryData<string, int[], int[], int, int> Codecs => new()
    {
        { "EnCodec 24 kHz", Repeat(1024, 32), Repeat(1, 32), 75, 1 },
        { "EnCodec 48 kHz", Repeat(1024, 16), Repeat(1, 16), 150, 1 },
        { "Mimi", Repeat(2048, 32), Repeat(1, 32), 25, 2 },
        { "Mimi in 8 codebooks", Repeat(2048, 8), Repeat(1, 8), 25, 2 },
        { "DAC 44 kHz", Repeat(1024, 9), Repeat(1, 9), 11025, 128 },
        { "SpeechTokenizer", Repeat(1024, 8), Repeat(1, 8), 50, 1 },
        { "Lyra", Repeat(16, 46), Repeat(1, 46), 50, 1 },
        { "SNAC 24 kHz", [4096, 4096, 4096], [4, 2, 1], 375, 8 },
        { "SNAC 44 kHz", [4096, 4096, 4096, 4096], [8, 4, 2, 1], 11025, 128 },
        { "one codebook", [4096], [1], 40, 1 },
        { "two codewords", [2], [1], 12, 1 },
        { "no rate", [1024], [1], 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Write_DefaultChunks_CostFivePercentAtMost(string name, int[] sizes, int[] strides, int numerator, int denominator)
    {
        Assert.NotNull(name);
        var plain = new RvqHeader(RvqSamples.Model([.. sizes.Select(_ => 1)], strides));
        var header = new RvqHeader(sizes, strides, plain.FramesPerBlock)
        {
            FrameRateNumerator = numerator,
            FrameRateDenominator = denominator,
        };
        for (var codebooks = 1; codebooks <= sizes.Length; codebooks++)
        {
            var rows = (2 * ChunkSize.Blocks(header, codebooks, null)) + 1;
            var stream = new MemoryStream();
            using (var writer = new RvqWriter(stream, header, leaveOpen: true))
            {
                writer.Write<int>(new int[rows * header.GetCodesPerBlock(codebooks)], codebooks);
                writer.Complete();
            }

            stream.Position = 0;
            using var reader = RvqReader.Open(stream);
            var (blocks, bytes, bits) = (0L, 0L, 0L);
            for (var from = stream.Position; reader.ReadChunk() is { } chunk; from = stream.Position)
            {
                if (chunk.FirstFrame + chunk.FrameCount == (long)rows * header.FramesPerBlock)
                {
                    // What is left makes no whole chunk.
                    break;
                }

                bytes += stream.Position - from;
                bits += chunk.FrameCount / header.FramesPerBlock * header.BitsPerBlock(codebooks);
                blocks += chunk.FrameCount / header.FramesPerBlock;
                Assert.InRange(chunk.FrameCount, header.FrameRate is { } rate ? rate - header.FramesPerBlock : 75, double.MaxValue);
            }

            Assert.InRange(blocks, 1, long.MaxValue);
            Assert.InRange((bytes * 8.0) - bits, 0, 0.05 * bits);
        }
    }

    [Theory]
    [InlineData(8, 1024, 75, 1, 130)]
    [InlineData(8, 2048, 25, 2, 119)]
    [InlineData(32, 1024, 600, 1, 600)]
    [InlineData(1, 1, 75, 1, 75)]
    [InlineData(1, 2, 0, 0, 20 * 247)]
    public void FramesPerChunk_Default_IsASecondOrWhatMakesTheOverheadSmall(
        int codebooks, int size, int numerator, int denominator, int frames)
    {
        // Bits of overhead: 8 × (26 + 4 n) + 7 n, which twenty times over are as many as the codes: n = 8 gives 520, n = 1 gives 247.
        var header = new RvqHeader(Repeat(size, codebooks)) { FrameRateNumerator = numerator, FrameRateDenominator = denominator };
        using var writer = new RvqWriter(new MemoryStream(), header);
        Assert.Equal(frames, writer.FramesPerChunk);
    }

    [Fact]
    public void FramesPerChunk_AsAsked_IsRoundedUpToBlocksAndNeverMoreThanAChunkHolds()
    {
        var snac = new RvqHeader(RvqSamples.Model([50, 60, 70], [4, 2, 1]));
        foreach (var (asked, frames) in (IEnumerable<(int, int)>)[(1, 4), (4, 4), (5, 8), (1000, 1000)])
        {
            using var writer = new RvqWriter(new MemoryStream(), snac, asked);
            Assert.Equal(frames, writer.FramesPerChunk);
        }

        using var most = new RvqWriter(new MemoryStream(), new RvqHeader([10, 10, 10]), int.MaxValue);
        Assert.Equal((1 << 22) / 3, most.FramesPerChunk);
        using var long1 = new RvqWriter(new MemoryStream(), new RvqHeader([1], [1 << 30], 1 << 30), int.MaxValue);
        Assert.Equal(1 << 30, long1.FramesPerChunk);
    }

    private static int[] Repeat(int value, int count) => [.. Enumerable.Repeat(value, count)];
}
