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
        Assert.Equal(
            (44100, 20480, 40, 1, true), (file.SampleRate, file.OriginalLength, file.ChunkLength, file.ChannelCount, file.HasPadding));
        Assert.Throws<ArgumentOutOfRangeException>("signal", () => file.GetCodes(1));
    }

    [Theory]
    [InlineData("fortran.dac")]
    [InlineData("proto5.dac")]
    public void Read_OtherPicklesOfTheSameArray_HaveItsCodes(string name)
    {
        var folder = TestData.Path("files/dac_arrays");
        var (codes, shape) = Npy.ReadInt64(Path.Combine(folder, "expected_codes.npy"));
        var file = DacFile.Read(File.ReadAllBytes(Path.Combine(folder, name)));
        Assert.Equal((shape[0], shape[1], shape[2]), (file.SignalCount, file.CodebookCount, file.FrameCount));
        for (var signal = 0; signal < file.SignalCount; signal++)
        {
            var expected = codes.AsSpan(signal * shape[1] * shape[2], shape[1] * shape[2]).ToArray();
            Assert.Equal(
                CodePackingTests.Transpose(expected, shape[1], shape[2]), file.GetCodes(signal).ToArray().Select(code => (long)code));
        }
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

        // os.system("touch …"), which must not be called.
        var touched = Path.Combine(Path.GetTempPath(), $"rvq-dac-evil-{Environment.ProcessId}");
        var command = Encoding.ASCII.GetBytes($"touch {touched}");
        byte[] evil =
        [
            .. bytes[..0x80], 0x80, 3, .. "cos\nsystem\nX"u8, .. BitConverter.GetBytes(command.Length), .. command, 0x85, .. "R."u8,
        ];
        Assert.Throws<InvalidDataException>(() => DacFile.Read(evil));
        Assert.False(File.Exists(touched));
    }
}
