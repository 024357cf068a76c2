using System.Text;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class DacFileTests
{
    [Fact]
    public void Read_DacsFile_HasDacsCodes()
    {
        var folder = TestData.Path("reference/bits-dac-file");
        var (codes, shape) = Npy.ReadInt64(Path.Combine(folder, "codes.npy"));
        var file = DacFile.Read(File.ReadAllBytes(Path.Combine(folder, "file.dac")));
        Assert.Equal((shape[0], shape[1], shape[2]), (file.SignalCount, file.CodebookCount, file.FrameCount));
        Assert.Equal(CodePackingTests.Transpose(codes, shape[1], shape[2]), file.GetCodes(0).ToArray().Select(code => (long)code));
        Assert.Equal((44100, 20480, 40, 1, true), (file.SampleRate, file.OriginalLength, file.ChunkLength, file.ChannelCount, file.HasPadding));
        Assert.Throws<ArgumentOutOfRangeException>("signal", () => file.GetCodes(1));
    }

    [Fact]
    public void Read_OtherFilesAndTruncations_AreRefused()
    {
        var folder = TestData.Path("reference/bits-dac-file");
        var bytes = File.ReadAllBytes(Path.Combine(folder, "file.dac"));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => DacFile.Read(bytes.AsSpan(0, length)));
        }

        Assert.Throws<InvalidDataException>(() => DacFile.Read(File.ReadAllBytes(Path.Combine(folder, "codes.npy"))));
        var evil = bytes[..0x80].Concat(Encoding.ASCII.GetBytes("\u0080\u0003cos\nsystem\nX\u0002\0\0\0ls\u0085R.")).ToArray();
        evil[0x80] = 0x80;
        Assert.Contains("os.system", Assert.Throws<InvalidDataException>(() => DacFile.Read(evil)).Message, StringComparison.Ordinal);
    }
}
