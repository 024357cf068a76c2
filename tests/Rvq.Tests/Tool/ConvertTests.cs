using System.Globalization;
using Rvq.Streams;

namespace Rvq.Tests.Tool;

/// <summary>Codes from one kind of file to another without a model.</summary>
public sealed class ConvertTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Theory]
    [InlineData("bits-ecdc-24khz", 75)]
    [InlineData("bits-ecdc-48khz", 150)]
    public void Convert_FileOfEnCodec_GivesItsCodes(string name, int frameRate)
    {
        var (file, codes, codebooks) = PeerCodes.EnCodec(name);
        var (array, stream) = (_tool.File("codes.npy"), _tool.File("codes.rvq"));
        _tool.Succeed("convert", file, "-o", array);
        AssertCodes(array, [codes.Length / codebooks, codebooks], codes);
        Assert.Equal(frameRate == 150, _tool.Error.Contains("scales", StringComparison.Ordinal));

        // The stream says what the file says, so that its codes come back the same, with the model or without.
        _tool.Succeed("convert", file, "-o", stream);
        Assert.Equal("", _tool.Error);
        var ecdc = EcdcFile.Read(File.ReadAllBytes(file));
        using (var reader = RvqReader.Open(stream))
        {
            Assert.Equal(Enumerable.Repeat(1024, codebooks), reader.Header.CodebookSizes.ToArray());
            Assert.Equal(frameRate, reader.Header.FrameRate);
            Assert.Equal(ecdc.ModelName, reader.Header.Metadata["model"]);
            Assert.Equal($"{ecdc.AudioLength}", reader.Header.Metadata["samples"]);
            Assert.Equal(string.Join(' ', ecdc.Scales.ToArray()), reader.Header.Metadata.GetValueOrDefault("scales", ""));
        }

        _tool.Succeed("convert", stream, "-o", _tool.File("again.npy"));
        Assert.Equal(File.ReadAllBytes(array), File.ReadAllBytes(_tool.File("again.npy")));
        PeerCodes.Model(codebooks).Save(_tool.File("model"));
        _tool.Succeed("decode", _tool.File("model"), stream, "-o", _tool.File("frames.npy"), "--allow-other-model");
        Assert.Equal(codes.Select(code => (float)code), Npy.ReadSingle(_tool.File("frames.npy")).Data);
        _tool.Fail(1, "--allow-other-model", "decode", _tool.File("model"), stream, "-o", _tool.File("x.npy"));
        _tool.Fail(1, "--size is for .dac and .npy", "convert", file, "-o", _tool.File("x.rvq"), "--size", "1024");
    }

    [Fact]
    public void Convert_FileOfDac_NeedsASizeForAStream()
    {
        var (file, codes, batch, codebooks) = PeerCodes.Dac();
        var count = codes.Length / batch / codebooks;
        _tool.Succeed("convert", file, "-o", _tool.File("codes.npy"), "--dtype", "uint16");
        AssertCodes(_tool.File("codes.npy"), batch == 1 ? [count, codebooks] : [batch, count, codebooks], codes);
        _tool.Succeed("convert", file, "-o", _tool.File("last.npy"), "--channels-first", "--codebooks", "2");
        var (last, shape) = Npy.ReadInt64(_tool.File("last.npy"));
        Assert.Equal(batch == 1 ? [2, count] : [batch, 2, count], shape);
        Assert.All(last.Index(), code =>
        {
            var (b, n, t) = (code.Index / count / 2, code.Index / count % 2, code.Index % count);
            Assert.Equal(codes[(((b * count) + t) * codebooks) + n], code.Item);
        });
        _tool.Fail(1, "--size says it", "convert", file, "-o", _tool.File("codes.rvq"));
        Assert.False(File.Exists(_tool.File("codes.rvq")));
        _tool.Succeed("convert", file, "-o", _tool.File("codes.rvq"), "--size", "1024");
        using var reader = RvqReader.Open(_tool.File("codes.rvq"));
        Assert.Equal(DacFile.Read(File.ReadAllBytes(file)).SampleRate,
            long.Parse(reader.Header.Metadata["sampleRate"], CultureInfo.InvariantCulture));
        Assert.Equal(codes, reader.ReadChunk()!.ToArray());
    }

    [Fact]
    public void Convert_FilesOfOtherPrograms_GivesTheirCodesOrNamesThem()
    {
        // Two signals: the channels of a stereo sound.
        var (array, dac) = (_tool.File("codes.npy"), ToolProcess.Fixture("cli_ecdc_dac/x.dac"));
        var x = DacFile.Read(File.ReadAllBytes(dac));
        _tool.Succeed("convert", dac, "-o", array);
        AssertCodes(array, [2, x.FrameCount, x.CodebookCount],
            [.. x.GetCodes(0).ToArray().Select(code => (int)code), .. x.GetCodes(1).ToArray().Select(code => (int)code)]);
        _tool.Fail(1, "2 sequences", "convert", dac, "-o", _tool.File("codes.rvq"), "--size", "1024");
        _tool.Fail(1, "my_model", "convert", ToolProcess.Fixture("cli_ecdc_dac/x.ecdc"), "-o", array);

        // From a pipe to a pipe: the same bytes.
        _tool.Input = File.ReadAllBytes(dac);
        _tool.Succeed("convert", "-", "-o", "-");
        Assert.Equal(File.ReadAllBytes(array), _tool.Bytes);
    }

    [Fact]
    public void Convert_Array_BecomesAStreamOfThatSize()
    {
        var (array, stream) = (_tool.File("codes.npy"), _tool.File("codes.rvq"));
        File.WriteAllBytes(array, NpyFile.Create(NpyFile.Header("|i1", "(2, 3)"), [0, 3, 2, 1, 0, 3]));
        _tool.Succeed("convert", array, "-o", stream, "--size", "4", "--channels-first", "--codebooks", "1");
        _tool.Succeed("convert", stream, "-o", _tool.File("again.npy"), "--channels-first");
        AssertCodes(_tool.File("again.npy"), [1, 3], [0, 3, 2]);
        _tool.Fail(1, "codes", "convert", array, "-o", _tool.File("x.rvq"), "--size", "3");
        _tool.Fail(1, "already", "convert", stream, "-o", _tool.File("x.rvq"));
        _tool.Fail(1, "of 3 codebooks, but 4", "convert", array, "-o", _tool.File("x.npy"), "--codebooks", "4");
        _tool.Fail(1, ".npy or .rvq", "convert", array, "-o", _tool.File("x.parquet"));
        _tool.Fail(1, "which the command reads", "convert", array, "-o", array);
        _tool.Fail(1, "--dtype is for", "convert", array, "-o", _tool.File("x.rvq"), "--size", "4", "--dtype", "uint8");

        File.WriteAllBytes(array, NpyFile.Create(NpyFile.Header("|i1", "(2, 2, 1)"), [0, 0xFF, 2, 1]));
        _tool.Fail(1, "2 sequences", "convert", array, "-o", _tool.File("x.rvq"), "--size", "4");
        _tool.Fail(1, "--dtype uint16 cannot hold -1", "convert", array, "-o", _tool.File("x.npy"), "--dtype", "uint16");
        Assert.Equal(["again.npy", "codes.npy", "codes.rvq"], _tool.Files());
    }

    [Fact]
    public void Convert_StreamThatIsNoArray_IsRefused()
    {
        var (stream, array) = (_tool.File("codes.rvq"), _tool.File("codes.npy"));
        using (var writer = RvqWriter.Create(stream, new RvqHeader([4, 4])))
        {
            writer.Write<int>([1, 2, 3, 0]);
            writer.Flush();
            writer.Write<int>([3], codebookCount: 1);
            writer.Complete();
        }

        _tool.Fail(1, "codes of 1 codebooks, those before it of 2", "convert", stream, "-o", array);
        using (var writer = RvqWriter.Create(stream, new RvqHeader([4, 4])))
        {
            writer.Write<int>([1, 2, 3, 0]);
            writer.Complete();
        }

        var bytes = File.ReadAllBytes(stream);
        File.WriteAllBytes(stream, bytes[..^16]);
        _tool.Fail(1, "cut off", "convert", stream, "-o", array);
        bytes[^20] ^= 1;
        File.WriteAllBytes(stream, bytes);
        _tool.Fail(1, stream, "convert", stream, "-o", array);
        Assert.Equal(["codes.rvq"], _tool.Files());
    }

    public void Dispose() => _tool.Dispose();

    private static void AssertCodes(string path, int[] shape, int[] codes)
    {
        var (data, lengths) = Npy.ReadInt64(path);
        Assert.Equal(shape, lengths);
        Assert.Equal(codes.Select(code => (long)code), data);
    }
}
