using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class FaissCodesTests
{
    [Theory]
    [InlineData("faiss-rq-d16-n4-k64-small", "beam1", 6)]
    [InlineData("faiss-rq-d16-n4-k64-small", "beam5", 6)]
    [InlineData("faiss-rq-d16-n4-k64-small", "beam30", 6)]
    [InlineData("faiss-ties", "beam1", 4)]
    [InlineData("faiss-rq-d32-n4-k256", "beam5", 8)]
    public void PackAndUnpack_FaissCodes_AreFaissBytes(string name, string beam, int bits)
    {
        var folder = TestData.Path("reference/" + name);
        var (codes, shape) = Npy.ReadInt64(Path.Combine(folder, $"codes_{beam}.npy"));
        var (data, packedShape) = Npy.ReadInt64(Path.Combine(folder, $"packed_{beam}.npy"));
        var expected = Array.ConvertAll(data, value => (byte)value);
        var widths = Enumerable.Repeat(bits, shape[1]).ToArray();

        Assert.Equal(packedShape[1], FaissCodes.GetByteCount(widths));
        var packed = new byte[expected.Length];
        FaissCodes.Pack(codes, widths, packed);
        Assert.Equal(expected, packed);
        var unpacked = new long[codes.Length];
        FaissCodes.Unpack(packed, widths, unpacked);
        Assert.Equal(codes, unpacked);
    }

    [Fact]
    public void PackAndUnpack_MixedWidths_AlignEveryVector()
    {
        int[] widths = [3, 0, 10, 7];
        int[] codes = [5, 0, 1023, 1, 2, 0, 512, 127];
        var packed = new byte[6];
        FaissCodes.Pack(codes, widths, packed);
        Assert.Equal([0xFD, 0x3F, 0x00, 0x02, 0xF0, 0x0F], packed);
        var unpacked = new int[8];
        FaissCodes.Unpack(packed, widths, unpacked);
        Assert.Equal(codes, unpacked);
    }

    [Fact]
    public void PackAndUnpack_ArgumentsThatDoNotFit_AreRefused()
    {
        int[] widths = [6, 6];
        Assert.Contains(
            "bytes has length 3, but 2 vectors of 2 bytes need 4",
            Assert.Throws<ArgumentException>("bytes", () => FaissCodes.Pack(new int[4], widths, new byte[3])).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("codes", () => FaissCodes.Unpack(new byte[4], widths, new int[3]));
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => FaissCodes.Pack([0, 64], widths, new byte[2]));
        Assert.Throws<ArgumentException>("codes", () => FaissCodes.Unpack(new byte[4], [10], new byte[2]));
        var codes = new int[] { 1, 2, 3 };
        Assert.Throws<ArgumentException>("bytes", () => FaissCodes.Unpack([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0x80], [32], codes));
        Assert.Equal([1, 2, 3], codes);
    }
}
