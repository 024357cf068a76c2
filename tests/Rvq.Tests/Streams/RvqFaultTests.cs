using System.IO.Hashing;
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
                Assert.Equal(
                    Chunks.Select(codes => RvqSamples.Prefix(Header, codes, 3, 1)),
                    RvqSamples.ReadAll(reader).Select(read => read.ToArray()));
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
            byte[] bytes = [.. Whole[..HeaderLength], .. order.SelectMany(
                i => Whole[(HeaderLength + (i * ChunkLength))..(HeaderLength + ((i + 1) * ChunkLength))]), .. Whole[^16..]];
            Assert.NotNull(Read(bytes, recover: false).Error);
            var (chunks, _, reader) = Read(bytes, recover: true);
            Assert.All(chunks, chunk => Assert.Contains(chunk, Chunks));
            return (chunks.Count, (int)reader!.FramesLost, reader.FaultCount);
        }
    }

    [Fact]
    public void OneByteBeforeARecord_Recovering_LosesNothing()
    {
        for (var chunk = 0; chunk <= Chunks.Length; chunk++)
        {
            var at = HeaderLength + (chunk * ChunkLength);
            foreach (var value in (byte[])[0, 0xF5])
            {
                var (chunks, error, reader) = Read([.. Whole[..at], value, .. Whole[at..]], recover: true);
                Assert.Null(error);
                Assert.Equal(Chunks, chunks);
                Assert.Equal((1, 0, true), (reader!.FaultCount, reader.FramesLost, reader.IsComplete));
            }
        }
    }

    [Fact]
    public void OneByteBeforeARecord_RecoveringBehindTheEnd_LosesNothing()
    {
        // The first chunk says as many codebooks as to look for its checksums behind the end of the stream.
        var header = new RvqHeader([.. Enumerable.Repeat(2, 64)]);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 1))
        {
            writer.Write<int>([1, 0, 1], 1);
            writer.Complete();
        }

        var bytes = stream.ToArray();
        var at = bytes.Length - 16 - (3 * 31);
        bytes[at + 16] = 64;
        var (chunks, _, reader) = Read([.. bytes[..(at + 62)], 0, .. bytes[(at + 62)..]], recover: true);
        Assert.Equal([[0], [1]], chunks);
        Assert.Equal((2, 1, true), (reader!.FaultCount, reader.FramesLost, reader.IsComplete));
    }

    [Fact]
    public void EveryBitOfTheLengthFlipped_LosesTheLengthAlone()
    {
        var (bytes, codes, at) = EarlyEnd();
        for (var bit = 0; bit < 16 * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[at + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Read(flipped, recover: false).Error);
            var (chunks, error, reader) = Read(flipped, recover: true);
            Assert.Null(error);
            Assert.Equal(codes, chunks.SelectMany(chunk => chunk));
            Assert.Equal((1, 0, true, 16), (reader!.FaultCount, reader.FramesLost, reader.IsComplete, reader.FrameCount));
        }
    }

    [Fact]
    public void LengthsThatTheBlocksContradict_AreFaults()
    {
        // Two blocks of four frames, the length, two blocks and the end mark with four.
        var (bytes, codes, at) = EarlyEnd();
        foreach (var (length, fault) in (IEnumerable<(long, string)>)[
            (-1, "-1 frames, but 8 have come"), (long.MinValue, "8 have come"), (4, "4 frames, but 8 have come"),
            (12, "ends with block 3, but the length is 12 frames"), (8, "the length is 8 frames"),
            (17, "the end mark says 4 blocks, but the length is 17 frames"),
            (long.MaxValue, "the end mark says 4 blocks")])
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 4), length);
            Seal(bytes, at, 12);
            Assert.Contains(fault, Read(bytes, recover: false).Error?.Message, StringComparison.Ordinal);
            Assert.Contains(fault, Read(bytes, recover: true).Reader!.FirstFault, StringComparison.Ordinal);
        }

        // No frames at all is a length as well.
        var none = RvqSamples.Stream(new RvqHeader(RvqSamples.Model([50, 60], [4, 1])));
        byte[] empty = [.. none[..^16], 0xF5, 0x52, 0x56, 0x4C, .. new byte[12], .. none[^16..]];
        Seal(empty, none.Length - 16, 12);
        Assert.Equal(0, Read(empty, recover: false).Reader!.FrameCount);

        foreach (var length in (long[])[13, 14, 15, 16])
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 4), length);
            Seal(bytes, at, 12);
            var (chunks, error, reader) = Read(bytes, recover: false);
            Assert.Null(error);
            Assert.Equal((codes.Length, length), (chunks.Sum(chunk => chunk.Length), reader!.FrameCount));

            // Once more is the same; another one is not.
            byte[] twice = [.. bytes[..(at + 16)], .. bytes[at..]];
            Assert.Null(Read(twice, recover: false).Error);
            twice[at + 4]--;
            Seal(twice, at, 12);
            Assert.Contains(
                $"{length} frames, but {length - 1} before", Read(twice, recover: false).Error?.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ChunksOfMoreCodesThanThereCanBe_AreRefusedThoughTheirChecksumsAreRight()
    {
        // Codes of no bits, so that only the number of blocks says how many they are; and blocks of so many frames that an int cannot
        // count them.
        var plain = RvqSamples.Stream(new RvqHeader([1]), [0, 0]);
        var strided = RvqSamples.Stream(new RvqHeader([1], [1 << 20], 1 << 20), [0]);
        (byte[], int, bool)[] cases =
        [
            (plain, 1 << 22, true), (plain, (1 << 22) + 1, false), (plain, 0, false), (plain, -1, false),
            (strided, 2047, true), (strided, 2048, false),
        ];
        foreach (var (bytes, blocks, isSound) in cases)
        {
            var at = bytes.Length - 16 - 30;
            BitConverter.TryWriteBytes(bytes.AsSpan(at + 12), blocks);
            BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 12), (long)blocks);
            Seal(bytes, at, 26);
            Seal(bytes, bytes.Length - 16, 12);
            Assert.Equal(isSound, Read(bytes, recover: false).Error is null);
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

    /// <summary>A stream of two blocks, the length of 13 frames, two blocks; its codes and where the length is.</summary>
    private static (byte[] Bytes, int[] Codes, int At) EarlyEnd()
    {
        var header = new RvqHeader(RvqSamples.Model([50, 60], [4, 1]));
        var codes = RvqSamples.Codes(header, 4, 2, 1);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 8))
        {
            writer.Write<int>(codes);
            writer.Complete(13);
        }

        return (stream.ToArray(), codes, stream.ToArray().AsSpan().IndexOf((ReadOnlySpan<byte>)[0xF5, 0x52, 0x56, 0x4C]));
    }

    /// <summary>Makes the checksum of a record right, which covers the last field of the header too.</summary>
    private static void Seal(byte[] bytes, int at, int length)
    {
        var headerLength = BitConverter.ToInt32(bytes, 12);
        byte[] sealing = [.. bytes[(headerLength - 4)..headerLength], .. bytes[at..(at + length)]];
        Crc32.Hash(sealing, bytes.AsSpan(at + length, 4));
    }

    /// <summary>
    /// Whether a byte inserted there may as well have come in between two records, since those up to the border are its likes.
    /// </summary>
    private static bool IsAtBorder(int at, byte value)
    {
        var into = (at - HeaderLength) % ChunkLength;
        return Whole[(at - into)..at].All(other => other == value)
            || Whole[at..Math.Min(Whole.Length, at - into + ChunkLength)].All(other => other == value);
    }

    private static int ChunkAt(int offset) => offset < HeaderLength ? -1 : (offset - HeaderLength) / ChunkLength;

    private static byte[] Flipped(int bit)
    {
        var bytes = Whole.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return bytes;
    }

    private static (List<int[]> Chunks, InvalidDataException? Error, RvqReader? Reader) Read(
        byte[] bytes, bool recover, int most = int.MaxValue)
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
