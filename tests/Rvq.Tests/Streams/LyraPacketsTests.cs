using System.Globalization;
using System.Numerics;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class LyraPacketsTests
{
    [Theory]
    [InlineData(16, 8)]
    [InlineData(30, 15)]
    [InlineData(46, 23)]
    [InlineData(1, 1)]
    [InlineData(15, 8)]
    public void PackAndUnpack_FramesOfSpeech_AreTheBitsOfOneBigNumber(int codebooks, int size)
    {
        var (all, shape) = Npy.ReadInt64(TestData.Path("lyra/codes_sample2.npy"));
        var codes = all.Where((_, i) => i % shape[1] < codebooks).ToArray();
        Assert.Equal(size, LyraPackets.GetByteCount(codebooks));
        var packets = new byte[shape[0] * size];
        LyraPackets.Pack(codes, codebooks, packets);
        for (var t = 0; t < shape[0]; t++)
        {
            // packet.h: the codes as hexadecimal digits of one integer, left-aligned in the packet.
            var digits = string.Concat(
                codes[(t * codebooks)..((t + 1) * codebooks)].Select(code => code.ToString("x", CultureInfo.InvariantCulture)));
            var number = BigInteger.Parse("0" + digits.PadRight(size * 2, '0'), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var expected = number.ToByteArray(isUnsigned: true, isBigEndian: true);
            Assert.Equal([.. new byte[size - expected.Length], .. expected], packets[(t * size)..((t + 1) * size)]);
        }

        var unpacked = new byte[codes.Length];
        LyraPackets.Unpack(packets, codebooks, unpacked);
        Assert.Equal(codes, Array.ConvertAll(unpacked, code => (long)code));
    }

    [Fact]
    public void PackAndUnpack_ArgumentsThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => LyraPackets.GetByteCount(47));
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => LyraPackets.GetByteCount(0));
        Assert.Contains(
            "length 9, which is not a multiple of the 8",
            Assert.Throws<ArgumentException>("bytes", () => LyraPackets.Unpack(new byte[9], 16, new int[16])).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "length 17, but 1 packets of 16 codes need 16",
            Assert.Throws<ArgumentException>("codes", () => LyraPackets.Pack(new int[17], 16, new byte[8])).Message,
            StringComparison.Ordinal);
        var packet = new byte[8];
        var codes = new int[16];
        codes[15] = 16;
        codes[0] = 1;
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => LyraPackets.Pack(codes, 16, packet));
        codes[15] = -1;
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => LyraPackets.Pack(codes, 16, packet));
        Assert.All(packet, value => Assert.Equal(0, value));
        var memory = new byte[24];
        Refused.For<ArgumentException>("bytes", () => LyraPackets.Pack<byte>(memory.AsSpan(0, 16), 16, memory.AsSpan(15, 8)), "overlaps");
        Refused.For<ArgumentException>("bytes", () => LyraPackets.Unpack(memory.AsSpan(15, 8), 16, memory.AsSpan(0, 16)), "overlaps");
        LyraPackets.Unpack(memory.AsSpan(16, 8), 16, memory.AsSpan(0, 16));
    }
}
