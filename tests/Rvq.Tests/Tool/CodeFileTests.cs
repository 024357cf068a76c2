namespace Rvq.Tests.Tool;

/// <summary>.ecdc and .dac files through the command, with a model whose frames are the codes themselves.</summary>
public sealed class CodeFileTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Theory]
    [InlineData("bits-ecdc-24khz", false)]
    [InlineData("bits-ecdc-24khz", true)]
    [InlineData("bits-ecdc-48khz", false)]
    public void Decode_FileOfEnCodec_GivesFrames(string name, bool channelsFirst)
    {
        var (file, codes, codebooks) = PeerCodes.EnCodec(name);
        Check(file, codes, 1, codebooks, channelsFirst);
        _tool.Succeed("inspect", file);
        Assert.Contains(
            name.Contains("24", StringComparison.Ordinal) ? "encodec_24khz" : "encodec_48khz", _tool.Output, StringComparison.Ordinal);
        Assert.Matches($@"frames +{codes.Length / codebooks} ", _tool.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decode_FileOfDac_GivesFrames(bool channelsFirst)
    {
        var (file, codes, batch, codebooks) = PeerCodes.Dac();
        Check(file, codes, batch, codebooks, channelsFirst);
    }

    [Fact]
    public void Inspect_FilesOfOtherPrograms_ReadsOrNamesThem()
    {
        _tool.Succeed("inspect", ToolProcess.Fixture("cli_ecdc_dac/x.dac"));
        Assert.Contains(".dac", _tool.Output, StringComparison.Ordinal);
        _tool.Fail(1, "my_model", "inspect", ToolProcess.Fixture("cli_ecdc_dac/x.ecdc"));
    }

    [Fact]
    public void Inspect_Codes_DrawsTheirUsage()
    {
        // Codebook 0 uses 2 codes of up to 8, codebook 1 all four, alike; −1 stands for none.
        File.WriteAllBytes(_tool.File("codes.npy"), NpyFile.Create(NpyFile.Header("|i1", "(4, 2)"), [0, 0, 7, 1, 7, 2, 0xFF, 3]));
        _tool.Succeed("inspect", _tool.File("codes.npy"));
        Assert.Matches(@"0 +2 \(largest 7\) +1\.9 +█████░{15} 25 %", _tool.Output);
        Assert.Matches(@"1 +4 \(largest 3\) +4\.0 +█{20} 100 %", _tool.Output);

        new RvqModel(new Codebook(new float[1024], 1)).Save(_tool.File("model"));
        ArithmeticModel.Write(_tool.File("frames.npy"), [3, 1], _ => 0);
        _tool.Succeed("encode", _tool.File("model"), _tool.File("frames.npy"), "-o", _tool.File("codes.rvq"));
        _tool.Succeed("inspect", _tool.File("codes.rvq"));
        Assert.Matches(@"0 +1 of 1024 +1\.0 +█░{19} 0 %", _tool.Output);
    }

    [Fact]
    public void Decode_FolderWithFilesOfOtherPrograms_DecodesThemToo()
    {
        var (file, codes, codebooks) = PeerCodes.EnCodec("bits-ecdc-24khz");
        PeerCodes.Model(codebooks).Save(_tool.File("model"));
        var folder = Directory.CreateDirectory(_tool.File("in")).FullName;
        File.Copy(file, Path.Combine(folder, "a.ecdc"));
        _tool.Succeed("decode", _tool.File("model"), folder, "--output-dir", _tool.File("out"));
        Assert.Equal(codes.Select(code => (float)code), Npy.ReadSingle(_tool.File("out/a.npy")).Data);
        _tool.Succeed("decode", _tool.File("model"), folder, "--output-dir", _tool.File("last"), "--channels-first");
        var (frames, shape) = Npy.ReadSingle(_tool.File("last/a.npy"));
        Assert.Equal([codebooks, codes.Length / codebooks], shape);
        Assert.All(codes.Index(), code => Assert.Equal(code.Item, frames[(code.Index % codebooks * shape[1]) + (code.Index / codebooks)]));

        var dac = PeerCodes.Dac();
        PeerCodes.Model(dac.Codebooks).Save(_tool.File("model"));
        _tool.Succeed("decode", _tool.File("model"), dac.File, "-o", _tool.File("dac.parquet"));
        _tool.Succeed("decode", _tool.File("model"), dac.File, "-o", _tool.File("dac.npy"));
        Assert.Equal(dac.Codes.Select(code => (float)code), Npy.ReadSingle(_tool.File("dac.npy")).Data);
    }

    public void Dispose() => _tool.Dispose();

    private void Check(string path, int[] codes, int batch, int codebooks, bool channelsFirst)
    {
        PeerCodes.Model(codebooks).Save(_tool.File("model"));
        _tool.Succeed(["decode", _tool.File("model"), path, "-o", _tool.File("frames.npy"),
            .. channelsFirst ? ["--channels-first"] : Array.Empty<string>()]);
        var (frames, shape) = Npy.ReadSingle(_tool.File("frames.npy"));
        var count = codes.Length / batch / codebooks;
        int[] expected = channelsFirst ? [batch, codebooks, count] : [batch, count, codebooks];
        Assert.Equal(batch == 1 ? expected[1..] : expected, shape);
        for (var i = 0; i < codes.Length; i++)
        {
            var (b, t, n) = (i / codebooks / count, i / codebooks % count, i % codebooks);
            Assert.Equal(codes[i], frames[channelsFirst ? (((b * codebooks) + n) * count) + t : i]);
        }

        // From a pipe the same bytes.
        _tool.Input = File.ReadAllBytes(path);
        _tool.Succeed(["decode", _tool.File("model"), "-", "-o", "-", .. channelsFirst ? ["--channels-first"] : Array.Empty<string>()]);
        Assert.Equal(File.ReadAllBytes(_tool.File("frames.npy")), _tool.Bytes);
    }
}
