using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Everything that can happen to a small stream: nothing wrong is returned as right, and one fault costs one chunk.</summary>
public class RvqFaultTests
{
    private const int Frames = 6;

    private static readonly RvqHeader Header = new([5, 16, 1000]) { Metadata = new Dictionary<string, string> { ["a"] = "b" } };
    private static readonly int[][] Chunks = [.. Enumerable.Range(1, 4).Select(seed => RvqSamples.Codes(Header, Frames, 3, seed))];
    private static readonly byte[] Whole = RvqSamples.Stream(Header, Chunks);
    private static readonly int HeaderLength = RvqSamples.Stream(Header).Length - 16;
    private static readonly int ChunkLength = (Whole.Length - 16 - HeaderLength) / Chunks.Length;

    [Fact]
    public void EveryBitFlipped_Strict_GivesTheChunksBeforeAndThenAnError()
    {
        for (var bit = 0; bit < Whole.Length * 8; bit++)
        {
            var (hit, bytes) = (Math.Max(0, ChunkAt(bit / 8)), Flipped(bit));
            var (chunks, error, _) = Read(bytes, recover: false);
            Assert.Equal(Chunks[..Math.Min(hit, Chunks.Length)], chunks);
            Assert.NotNull(error);
            Assert.Contains("offset", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryBitFlipped_Recovering_GivesAllChunksButTheOneHit()
    {
        for (var bit = 0; bit < Whole.Length * 8; bit++)
        {
            var hit = ChunkAt(bit / 8);
            var (chunks, error, reader) = Read(Flipped(bit), recover: true, most: bit % 2 == 0 ? 1 + (bit % 9) : int.MaxValue);
            Assert.Null(error);
            Assert.Equal(Chunks.Where((_, i) => i != hit), chunks);
            Assert.Equal((1, hit < Chunks.Length), (reader!.FaultCount, reader.IsComplete));
            Assert.Equal(hit >= 0 && hit < Chunks.Length ? Frames : 0, reader.FramesLost);
            Assert.NotNull(reader.FirstFault);
        }
    }

    [Fact]
    public void EveryTruncation_GivesAllCompleteChunks()
    {
        for (var length = 0; length < Whole.Length; length++)
        {
            var complete = Math.Clamp(ChunkAt(length), 0, Chunks.Length);
            var (strict, error, _) = Read(Whole[..length], recover: false);
            Assert.Equal(Chunks[..complete], strict);
            Assert.NotNull(error);
            var (recovered, second, reader) = Read(Whole[..length], recover: true);
            Assert.Equal(Chunks[..complete], recovered);

            // One copy of the header is enough to start with.
            Assert.Equal(length < HeaderLength / 2, second is not null);
            Assert.Equal(length < HeaderLength / 2, reader is null);
            Assert.False(reader?.IsComplete ?? false);
        }
    }

    [Fact]
    public void EveryByteDeletedOrInserted_Recovering_GivesAllChunksButTheOneHit()
    {
        for (var at = 0; at < Whole.Length; at++)
        {
            var deleted = Read([.. Whole[..at], .. Whole[(at + 1)..]], recover: true);
            Assert.Equal(Chunks.Where((_, i) => i != ChunkAt(at)), deleted.Chunks);
            foreach (var value in (byte[])[0, 0xF5, 0xFF])
            {
                var inserted = Read([.. Whole[..at], value, .. Whole[at..]], recover: true);
                Assert.Null(inserted.Error);
                Assert.Equal(Chunks.Where((_, i) => i != ChunkAt(at) || IsAtBorder(at, value)), inserted.Chunks);
            }
        }
    }

    [Fact]
    public void FlipsInCodebooksThatAreNotRead_ChangeNothing()
    {
        // Layer 1 and 2 of every chunk: 6 codes of 4 bits and 6 of 10 bits.
        for (var chunk = 0; chunk < Chunks.Length; chunk++)
        {
            for (var at = HeaderLength + ((chunk + 1) * ChunkLength) - 11; at < HeaderLength + ((chunk + 1) * ChunkLength); at++)
            {
                var bytes = Flipped(at * 8);
                using var reader = RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { CodebookCount = 1 });
                Assert.Equal(Chunks.Select(codes => RvqSamples.Prefix(Header, codes, 3, 1)), RvqSamples.ReadAll(reader).Select(read => read.ToArray()));
                Assert.True(reader.IsComplete);
            }
        }
    }

    [Fact]
    public void ChunksMissingDoubledSwappedOrOfAnotherStream_AreNoticed()
    {
        Assert.Equal((3, Frames, 1), Outcome(1, 2, 3));
        Assert.Equal((3, Frames, 1), Outcome(0, 2, 3));
        Assert.Equal((3, Frames, 1), Outcome(0, 1, 2));
        Assert.Equal((0, 4 * Frames, 1), Outcome());
        Assert.Equal((4, 0, 1), Outcome(0, 1, 1, 2, 3));
        Assert.Equal((3, Frames, 2), Outcome(0, 2, 1, 3));

        var otherHeader = new RvqHeader([5, 16, 1000]) { Metadata = new Dictionary<string, string> { ["a"] = "c" } };
        var other = RvqSamples.Stream(otherHeader, Chunks)[HeaderLength..];
        var (chunks, _, reader) = Read([.. Whole[..HeaderLength], .. other], recover: true);
        Assert.Empty(chunks);
        Assert.False(reader!.IsComplete);

        // What a recovering reader makes of these chunks: how many, frames lost, faults. A strict one throws.
        (int, int, int) Outcome(params int[] order)
        {
            byte[] bytes = [.. Whole[..HeaderLength], .. order.SelectMany(i => Whole[(HeaderLength + (i * ChunkLength))..(HeaderLength + ((i + 1) * ChunkLength))]), .. Whole[^16..]];
            Assert.NotNull(Read(bytes, recover: false).Error);
            var (chunks, _, reader) = Read(bytes, recover: true);
            Assert.All(chunks, chunk => Assert.Contains(chunk, Chunks));
            return (chunks.Count, (int)reader!.FramesLost, reader.FaultCount);
        }
    }

    [Fact]
    public void LengthsBeyondTheStream_CostNoMemory()
    {
        // The largest header there can be, of which only the start comes; and chunks of 4 million codes.
        var header = RvqSamples.Stream(new RvqHeader([1 << 30]));
        header[12] = 0;
        header[13] = 0;
        header[14] = 0x10;
        var big = new MemoryStream();
        var writer = new RvqWriter(big, new RvqHeader([1 << 30]), 1 << 22);
        writer.Write<int>(new int[1 << 20]);
        writer.Complete();
        var cut = big.ToArray()[..5000];
        foreach (var bytes in (byte[][])[header, cut])
        {
            foreach (var recover in (bool[])[false, true])
            {
                Read(bytes, recover);
                var before = GC.GetAllocatedBytesForCurrentThread();
                Read(bytes, recover);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
            }
        }
    }

    /// <summary>Whether a byte inserted there may as well have come in between two records, since those up to the border are its likes.</summary>
    private static bool IsAtBorder(int at, byte value)
    {
        var into = (at - HeaderLength) % ChunkLength;
        return Whole[(at - into)..at].All(other => other == value) || Whole[at..Math.Min(Whole.Length, at - into + ChunkLength)].All(other => other == value);
    }

    private static int ChunkAt(int offset) => offset < HeaderLength ? -1 : (offset - HeaderLength) / ChunkLength;

    private static byte[] Flipped(int bit)
    {
        var bytes = Whole.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return bytes;
    }

    private static (List<int[]> Chunks, InvalidDataException? Error, RvqReader? Reader) Read(byte[] bytes, bool recover, int most = int.MaxValue)
    {
        var chunks = new List<int[]>();
        RvqReader? reader = null;
        try
        {
            reader = RvqReader.Open(new AwkwardStream(bytes, most), options: new RvqReaderOptions { Recover = recover });
            while (reader.ReadChunk() is { } chunk)
            {
                chunks.Add(chunk.ToArray());
            }

            return (chunks, null, reader);
        }
        catch (InvalidDataException error)
        {
            return (chunks, error, reader);
        }
    }
}
