using System.Runtime.InteropServices;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class CodePackingTests
{
    public static TheoryData<int> Widths => [.. Enumerable.Range(0, 33)];

    public static TheoryData<string, int> EncodecStreams
    {
        get
        {
            var streams = new TheoryData<string, int>();
            string[] names =
            [
                "1-k1-t13", "3-k2-t7", "4-k2-t5", "5-k3-t5", "7-k4-t9", "8-k2-t6", "9-k3-t5", "10-k1-t1", "10-k2-t75", "10-k4-t75",
                "10-k8-t75", "10-k8-t3", "11-k8-t25", "12-k3-t11", "13-k1-t7", "15-k2-t4", "16-k2-t5", "20-k1-t5",
            ];
            foreach (var name in names)
            {
                streams.Add("bits" + name, int.Parse(name[..name.IndexOf('-')]));
            }

            return streams;
        }
    }

    [Theory]
    [MemberData(nameof(EncodecStreams))]
    public void Pack_EncodecCodes_GivesEncodecsBytes(string name, int bits)
    {
        var folder = TestData.Path("reference/bits-encodec-bitpacker");
        var (data, shape) = Npy.ReadInt64(Path.Combine(folder, name + ".npy"));
        var codes = Transpose(data, shape[0], shape[1]);
        var expected = File.ReadAllBytes(Path.Combine(folder, name + ".bin"));

        var bytes = new byte[CodePacking.GetByteCount(codes.Length, bits)];
        Assert.Equal(expected.Length, CodePacking.Pack(codes, bits, bytes));
        Assert.Equal(expected, bytes);
        Array.Clear(bytes);
        CodePacking.Pack(codes, Enumerable.Repeat(bits, shape[0]).ToArray(), bytes);
        Assert.Equal(expected, bytes);

        var unpacked = new long[codes.Length];
        Assert.Equal(expected.Length, CodePacking.Unpack(expected, bits, unpacked));
        Assert.Equal(codes, unpacked);
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Pack_EveryWidthAndLength_GivesTheDefinedBits(int bits)
    {
        var random = new Random(bits);
        for (var length = 0; length <= 70; length++)
        {
            var codes = RandomCodes(random, length, [bits]);
            var bytes = new byte[CodePacking.GetByteCount(length, bits) + 3];
            bytes.AsSpan().Fill(0xA5);
            var count = CodePacking.Pack(codes, bits, bytes);
            Assert.Equal(((length * bits) + 7) / 8, count);
            Assert.Equal(Oracle(codes, [bits]), bytes[..count]);
            Assert.All(bytes[count..], value => Assert.Equal(0xA5, value));

            var unpacked = new long[length];
            Assert.Equal(count, CodePacking.Unpack(bytes, bits, unpacked));
            Assert.Equal(codes, unpacked);
        }
    }

    [Fact]
    public void Pack_MixedWidths_GivesTheDefinedBits()
    {
        var random = new Random(1);
        for (var stages = 1; stages <= 9; stages++)
        {
            for (var repeat = 0; repeat < 40; repeat++)
            {
                var widths = Enumerable.Range(0, stages).Select(_ => random.Next(33)).ToArray();
                var frames = random.Next(20);
                var codes = RandomCodes(random, frames * stages, widths);
                var bytes = new byte[CodePacking.GetByteCount(frames, widths)];
                Assert.Equal(bytes.Length, CodePacking.Pack(codes, widths, bytes));
                Assert.Equal(Oracle(codes, widths), bytes);
                var unpacked = new long[codes.Length];
                CodePacking.Unpack(bytes, widths, unpacked);
                Assert.Equal(codes, unpacked);
            }
        }
    }

    [Fact]
    public void Pack_OtherCodeTypes_GiveTheSameBytes()
    {
        byte[] codes = [0, 1, 2, 127, 64, 31, 5];
        var expected = Oracle(Array.ConvertAll(codes, code => (long)code), [7]);
        Check<byte>();
        Check<sbyte>();
        Check<short>();
        Check<ushort>();
        Check<int>();
        Check<uint>();
        Check<long>();
        Check<ulong>();
        Check<nint>();
        Check<Int128>();
        Check<char>();

        void Check<TCode>()
            where TCode : unmanaged, System.Numerics.IBinaryInteger<TCode>
        {
            var typed = Array.ConvertAll(codes, TCode.CreateChecked);
            var bytes = new byte[expected.Length];
            CodePacking.Pack<TCode>(typed, 7, bytes);
            Assert.Equal(expected, bytes);
            var back = new TCode[codes.Length];
            CodePacking.Unpack<TCode>(bytes, 7, back);
            Assert.Equal(typed, back);
        }
    }

    [Theory]
    [InlineData(1024, 10)]
    [InlineData(-1, 10)]
    [InlineData(1, 0)]
    [InlineData(1L << 32, 32)]
    [InlineData(long.MinValue, 32)]
    public void Pack_CodeOutsideItsWidth_IsRefusedBeforeAnythingIsWritten(long code, int bits)
    {
        for (var at = 0; at < 19; at++)
        {
            var codes = new long[19];
            codes[at] = code;
            var bytes = Enumerable.Repeat((byte)7, 100).ToArray();
            var error = Assert.Throws<ArgumentOutOfRangeException>("codes", () => CodePacking.Pack(codes, bits, bytes));
            Assert.Contains($"holds {code} at {at}, which does not fit in {bits} bits", error.Message, StringComparison.Ordinal);
            error = Assert.Throws<ArgumentOutOfRangeException>(
                "codes", () => CodePacking.Pack(codes.AsSpan(0, at + 1), Enumerable.Repeat(bits, at + 1).ToArray(), bytes));
            Assert.Contains(
                $"holds {code} at frame 0, codebook {at}",
                at == 0 ? error.Message.Replace("at 0", "at frame 0, codebook 0", StringComparison.Ordinal) : error.Message,
                StringComparison.Ordinal);
            Assert.All(bytes, value => Assert.Equal(7, value));
        }
    }

    [Fact]
    public void PackAndUnpack_ArgumentsThatDoNotFit_AreRefusedWithBothNumbers()
    {
        var codes = new int[8];
        var bytes = new byte[10];
        Assert.Contains(
            "length 9, but 8 codes need 10",
            Assert.Throws<ArgumentException>("bytes", () => CodePacking.Pack(codes, 10, bytes.AsSpan(1))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "length 9, but 8 codes need 10",
            Assert.Throws<ArgumentException>("bytes", () => CodePacking.Unpack(bytes.AsSpan(1), 10, codes)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "length 8, which is not a multiple of the 3",
            Assert.Throws<ArgumentException>("codes", () => CodePacking.Pack(codes, [1, 2, 3], bytes)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("bitsPerCode", () => CodePacking.Pack(codes, 33, bytes));
        Assert.Throws<ArgumentOutOfRangeException>("bitsPerCode", () => CodePacking.Unpack(bytes, -1, codes));
        Assert.Throws<ArgumentOutOfRangeException>("bitsPerCode", () => CodePacking.GetByteCount(1, [10, 33]));
        Assert.Throws<ArgumentException>("bitsPerCode", () => CodePacking.GetByteCount(1, []));
        Assert.Throws<ArgumentOutOfRangeException>("codeCount", () => CodePacking.GetByteCount(-1, 10));
        Assert.Throws<ArgumentOutOfRangeException>("codeCount", () => CodePacking.GetByteCount(int.MaxValue, 9));
        Assert.Throws<ArgumentOutOfRangeException>(
            "frameCount", () => CodePacking.GetByteCount(int.MaxValue, Enumerable.Repeat(32, 1000).ToArray()));
        Assert.Equal(int.MaxValue, CodePacking.GetByteCount(int.MaxValue, 8));
    }

    [Fact]
    public void Pack_CodebookLeftOut_IsRefusedWithTheReasonAndTheWay()
    {
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodePacking.Pack<int>([1, 2, 3, -1], [10, 10], new byte[5]), "-1 at frame 1, codebook 1", "left out", "Take");
        Refused.For<ArgumentOutOfRangeException>("codes", () => LyraPackets.Pack<int>([1, -1], 2, new byte[1]), "-1", "left out");
        Assert.DoesNotContain(
            "left out",
            Assert.Throws<ArgumentOutOfRangeException>("codes", () => CodePacking.Pack<int>([1024], 10, new byte[5])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Pack_ManyEqualCodesThatAreTooLarge_AreRefused()
    {
        // An even number in every lane of a vector, where bits that are flipped rather than gathered would be gone.
        foreach (var count in (int[])[16, 32, 64, 128])
        {
            var codes = new int[count];
            Array.Fill(codes, 1024);
            Refused.For<ArgumentOutOfRangeException>("codes", () => CodePacking.Pack<int>(codes, 10, new byte[200]), "1024 at 0");
        }
    }

    [Fact]
    public void PackAndUnpack_BuffersThatOverlap_AreRefused()
    {
        var memory = new byte[64];
        for (var offset = 0; offset < 40; offset++)
        {
            var start = offset;
            var codes = MemoryMarshal.Cast<byte, int>(memory.AsSpan(8, 16));
            var overlaps = start + 5 > 8 && start < 24;
            if (overlaps)
            {
                Assert.Throws<ArgumentException>(
                    "bytes", () => CodePacking.Pack(MemoryMarshal.Cast<byte, int>(memory.AsSpan(8, 16)), 10, memory.AsSpan(start, 5)));
                Assert.Throws<ArgumentException>(
                    "bytes", () => CodePacking.Unpack(memory.AsSpan(start, 5), 10, MemoryMarshal.Cast<byte, int>(memory.AsSpan(8, 16))));
            }
            else
            {
                CodePacking.Pack(codes, 10, memory.AsSpan(start, 5));
                CodePacking.Unpack(memory.AsSpan(start, 5), 10, codes);
            }
        }
    }

    [Fact]
    public void Unpack_TypeThatCannotHoldTheCodes_IsRefused()
    {
        Assert.Throws<ArgumentException>("codes", () => CodePacking.Unpack(new byte[10], 10, new byte[8]));
        byte[] bytes = [0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0x80];
        var codes = new int[2];
        Assert.Throws<ArgumentException>("bytes", () => CodePacking.Unpack(bytes, 32, codes));
        Assert.Equal([0, 0], codes);
        CodePacking.Unpack(bytes, 32, codes.AsSpan(0, 1));
        Assert.Equal([int.MaxValue, 0], codes);
        var wide = new uint[2];
        CodePacking.Unpack(bytes, 32, wide);
        Assert.Equal([0x7FFFFFFFu, 0x80000000u], wide);
    }

    [Fact]
    public void PackAndUnpack_Warm_AllocateNothing()
    {
        var codes = new int[80];
        var bytes = new byte[100];
        int[] widths = [10, 10, 9, 11, 10, 10, 10, 10];
        void Run()
        {
            CodePacking.Pack(codes, 10, bytes);
            CodePacking.Unpack(bytes, 10, codes);
            CodePacking.Pack(codes, widths, bytes);
            CodePacking.Unpack(bytes, widths, codes);
        }

        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    internal static long[] Transpose(long[] data, int rows, int columns)
        => [.. Enumerable.Range(0, data.Length).Select(i => data[(i % rows * columns) + (i / rows)])];

    internal static long[] RandomCodes(Random random, int count, int[] widths)
        => [.. Enumerable.Range(0, count).Select(i => random.NextInt64(1L << widths[i % widths.Length]))];

    /// <summary>Bit by bit, lowest first, as the format is defined.</summary>
    private static byte[] Oracle(long[] codes, int[] widths)
    {
        var bits = codes.SelectMany(
            (code, i) => Enumerable.Range(0, widths[i % widths.Length]).Select(bit => ((code >> bit) & 1) == 1)).ToArray();
        var bytes = new byte[(bits.Length + 7) / 8];
        new System.Collections.BitArray(bits).CopyTo(bytes, 0);
        return bytes;
    }
}
