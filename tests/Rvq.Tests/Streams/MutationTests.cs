using System.Buffers.Binary;
using System.IO.Hashing;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Streams with random damage are read or refused with the documented exceptions, and never fill memory.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Mutations = 100_000;
    private const long MostBytes = 4_000_000;

    private static readonly long[] Numbers =
        [0, 1, 2, 255, 256, 1023, 65535, 65536, 1 << 22, int.MaxValue, uint.MaxValue, 1L << 40, long.MaxValue, -1];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RvqStreams_Damaged_GiveNoWrongChunk(bool recover)
    {
        var samples = Streams();
        AssertOnly<InvalidDataException>(recover ? 1 : 2, [.. samples.Select(sample => sample.Bytes)], (bytes, sample) =>
        {
            using var reader = Open(bytes, recover);
            while (reader.ReadChunk() is { } chunk)
            {
                if (chunk.IsGap)
                {
                    continue;
                }

                // Which stream it is cannot change, since its header is checked; nor can the codes of a time.
                Assert.Contains(Text(chunk), samples[sample].Chunks);
            }
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RvqStreams_MadeWrongWithRightChecksums_AreReadOrRefused(bool recover)
        => AssertOnly<InvalidDataException>(recover ? 3 : 4, [.. Streams().Select(sample => sample.Bytes)], (bytes, _) =>
        {
            Seal(bytes);
            using var reader = Open(bytes, recover);
            while (reader.ReadChunk() is { } chunk)
            {
                Assert.InRange(chunk.FrameCount, 1, int.MaxValue);
                if (chunk.IsGap)
                {
                    continue;
                }

                var codes = chunk.ToArray();
                var row = reader.Header.GetCodesPerBlock(chunk.CodebookCount);
                for (var (codebook, column) = (0, 0); codebook < chunk.CodebookCount; codebook++)
                {
                    for (var end = column + (reader.Header.FramesPerBlock / reader.Header.Strides[codebook]); column < end; column++)
                    {
                        for (var i = column; i < codes.Length; i += row)
                        {
                            Assert.InRange(codes[i], 0, reader.Header.CodebookSizes[codebook] - 1);
                        }
                    }
                }
            }
        });

    [Fact]
    public void EcdcFiles_Damaged_AreReadOrRefused()
        => AssertOnly<InvalidDataException>(5, [
            new EcdcFile("encodec_24khz", 3200, 4, new int[40]).ToArray(),
            new EcdcFile("encodec_48khz", 50000, 1, new int[158], [1, 2]).ToArray(),
            File.ReadAllBytes(Path.Combine(TestData.Path("reference/bits-ecdc-24khz-lm"), "file.ecdc"))],
            (bytes, _) => Assert.All(EcdcFile.Read(bytes).Codes.ToArray(), code => Assert.InRange(code, 0, 1023)));

    [Fact]
    public void DacFiles_Damaged_AreReadOrRefused()
        => AssertOnly<InvalidDataException>(6, [File.ReadAllBytes(TestData.Path("reference/bits-dac-file") + "/file.dac")], (bytes, _) =>
        {
            var file = DacFile.Read(bytes);
            for (var signal = 0; signal < Math.Min(file.SignalCount, 10); signal++)
            {
                Assert.Equal(file.FrameCount * file.CodebookCount, file.GetCodes(signal).Length);
            }
        });

    [Fact]
    public void LyraPackets_AnyBytes_AreReadOrRefused()
        => AssertOnly<ArgumentException>(7, [RandomBytes(23 * 4)], (bytes, i) =>
        {
            var codebooks = i % 48;
            var size = Math.Max(1, (codebooks + 1) / 2);
            var packets = i % 5 == 0 ? bytes : bytes.AsSpan(0, bytes.Length / size * size);
            var codes = new byte[packets.Length / size * codebooks];
            LyraPackets.Unpack(packets, codebooks, codes);
            Assert.All(codes, code => Assert.InRange(code, 0, 15));
            var again = new byte[packets.Length];
            LyraPackets.Pack(codes, codebooks, again);
            Assert.True(codebooks % 2 == 1 || packets.SequenceEqual(again));
        });

    [Fact]
    public void PackedCodes_AnyBytesAndWidths_AreReadOrRefused()
        => AssertOnly<ArgumentException>(8, [RandomBytes(100)], (bytes, i) =>
        {
            var random = new Random(i);
            var widths = Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(40) == 0 ? 33 : random.Next(33)).ToArray();
            var rows = random.Next(8);
            var codes = new uint[(widths.Length * rows) + (random.Next(10) == 0 ? 1 : 0)];
            var count = CodePacking.Unpack(bytes, widths, codes);
            var again = new byte[count];
            CodePacking.Pack(codes, widths, again);
            rows = codes.Length / widths.Length;
            var padding = (count * 8) - (rows * widths.Sum());
            Assert.Equal(bytes.AsSpan(0, Math.Max(0, count - 1)), again.AsSpan(0, Math.Max(0, count - 1)));
            Assert.True(count == 0 || again[^1] == (byte)(bytes[count - 1] << padding) >> padding);
            FaissCodes.Unpack(bytes.AsSpan(0, Math.Min(bytes.Length, rows * FaissCodes.GetByteCount(widths))), widths, codes);
        });

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Streams and the chunks that they have: text of place and codes.</summary>
    private static List<(byte[] Bytes, HashSet<string> Chunks)> Streams()
    {
        var samples = new List<(byte[], HashSet<string>)>();
        foreach (var header in (RvqHeader[])[
            new RvqHeader([5, 16, 1000]) { Metadata = new Dictionary<string, string> { ["name"] = "value" } },
            new RvqHeader(RvqSamples.Model([64, 3, 64], [4, 2, 1]))])
        {
            var stream = new MemoryStream();
            using (var writer = new RvqWriter(stream, header, 4 * header.FramesPerBlock))
            {
                writer.Write<int>(RvqSamples.Codes(header, 12, 3, 1));
                writer.Complete(writer.FrameCount - (header.FramesPerBlock / 2));
            }

            using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()));
            samples.Add((stream.ToArray(), [.. RvqSamples.ReadAll(reader).Select(Text)]));
        }

        return samples;
    }

    private static string Text(RvqChunk chunk) => $"{chunk.FirstFrame}: {string.Join(' ', chunk.ToArray())}";

    private static RvqReader Open(byte[] bytes, bool recover)
        => RvqReader.Open(new MemoryStream(bytes), options: new RvqReaderOptions { Recover = recover, FillGaps = recover });

    /// <summary>Gives a damaged stream right checksums, as far as its lengths let one walk through it.</summary>
    private static void Seal(byte[] bytes)
    {
        if (bytes.Length < 16 || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)) is not (>= 20 and <= 2000 and var length)
            || bytes.Length < 2 * length)
        {
            return;
        }

        var header = bytes.AsSpan(0, (int)length);
        Crc32.Hash(header[..^4], header[^4..]);
        header.CopyTo(bytes.AsSpan((int)length));
        for (var at = 2 * (int)length; at + 26 <= bytes.Length;)
        {
            var chunk = bytes.AsSpan(at);
            var end = chunk[3] is (byte)'E' or (byte)'L';
            var codebooks = end ? 0 : Math.Min((int)chunk[16], (chunk.Length - 26) / 4);
            var record = chunk[..(end ? 16 : 26 + (4 * codebooks))];
            byte[] sealing = [.. header[^4..], .. record[..^4]];
            Crc32.Hash(sealing, record[^4..]);
            at += record.Length + (end ? 0 : (int)Math.Min(int.MaxValue / 2, BinaryPrimitives.ReadUInt32LittleEndian(chunk[18..])));
        }
    }

    private void AssertOnly<TException>(int seed, byte[][] samples, Action<byte[], int> read)
        where TException : Exception
    {
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var sample = samples.Length > 1 ? i % samples.Length : i;
            var bytes = Damage(samples[i % samples.Length], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(bytes, sample);
            }
            catch (TException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"Mutation {i} of seed {seed} gives {exception}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }

        output.WriteLine($"{refused} of {Mutations} refused.");
        Assert.InRange(refused, Mutations / 100, Mutations * 995 / 1000);
    }

    private static byte[] Damage(byte[] original, Random random)
    {
        var bytes = (byte[])original.Clone();
        for (var times = random.Next(1, 4); times > 0 && bytes.Length > 8; times--)
        {
            var at = random.Next(bytes.Length);
            var length = Math.Min(random.Next(1, 40), bytes.Length - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    var number = BitConverter.GetBytes(Numbers[random.Next(Numbers.Length)]);
                    number.AsSpan(0, Math.Min(1 << random.Next(4), bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                    break;
                case 3:
                    bytes = bytes[..at];
                    break;
                case 4:
                    bytes = random.Next(2) == 0 ? [.. bytes[..(at + length)], .. bytes[at..]] : [.. bytes[..at], .. bytes[(at + length)..]];
                    break;
                default:
                    bytes.AsSpan(at, length).ToArray().CopyTo(bytes, random.Next(bytes.Length - length + 1));
                    break;
            }
        }

        return bytes;
    }
}
