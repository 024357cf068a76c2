namespace Rvq.Tests.Tool;

/// <summary>What the command says to bad usage and bad input: a code, one line, no file.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Theory]
    [InlineData("'bogus'", new[] { "bogus" })]
    [InlineData("--output", new[] { "encode", "m", "f" })]
    [InlineData("MODEL", new[] { "inspect" })]
    [InlineData("--threads must be", new[] { "encode", "m", "f", "-o", "c", "--threads", "0" })]
    [InlineData("--threads must be", new[] { "encode", "m", "f", "-o", "c", "--threads", "many" })]
    [InlineData("--codebooks must be", new[] { "encode", "m", "f", "-o", "c", "--codebooks", "-1" })]
    [InlineData("--codebooks must be", new[] { "train", "f", "-o", "c", "--codebooks", "99999999999" })]
    [InlineData("--frame-rate must be", new[] { "evaluate", "m", "f", "--frame-rate", "NaN" })]
    [InlineData("--seed", new[] { "train", "f", "-o", "c", "--seed", "x" })]
    [InlineData("exclude each other", new[] { "evaluate", "m", "f", "--codebooks", "1", "--bitrate", "2" })]
    [InlineData("--bitrate must be", new[] { "evaluate", "m", "f", "--bitrate", "0" })]
    [InlineData("--beam must be", new[] { "evaluate", "m", "f", "--beam", "0" })]
    [InlineData("--bogus", new[] { "decode", "m", "f", "-o", "c", "--bogus" })]
    public void Run_BadUsage_Gives2AndOneLine(string words, string[] args) => _tool.Fail(2, words, args);

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("encode", "--help")]
    public void Run_Help_Gives0(params string[] args)
    {
        _tool.Succeed(args);
        Assert.NotEmpty(_tool.Output);
    }

    [Fact]
    public void Run_NothingAsked_ShowsTheHelp()
    {
        _tool.Succeed();
        var alone = _tool.Output;
        _tool.Succeed("--help");
        Assert.Equal(_tool.Output, alone);
        Assert.Contains("Completions:", alone, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_EveryCommand_HasExamplesThatParse()
    {
        foreach (var command in (string[])["demo", "inspect", "encode", "decode", "evaluate", "report", "train"])
        {
            _tool.Succeed(command, "--help");
            var examples = _tool.Output.Split('\n').SkipWhile(line => line != "Examples:").Skip(1)
                .TakeWhile(line => line.StartsWith("  rvq ", StringComparison.Ordinal));
            Assert.NotEmpty(examples);
            foreach (var example in examples)
            {
                // Whatever else an example lacks here, its usage is right.
                Assert.NotEqual(2, example.Contains("demo", StringComparison.Ordinal) ? 0 : _tool.Run(example.Split('|')[0]
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]));
            }

        }
    }

    [Fact]
    public void Run_Completions_AreGiven()
    {
        _tool.Succeed("[suggest:3]", "enc");
        Assert.Equal(["encode"], _tool.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Run_FilesThatAreMissingOrDamaged_Gives1AndNamesThem()
    {
        var (model, frames, garbage, codes) = (
            _tool.File("m.safetensors"), _tool.File("f.npy"), _tool.File("garbage"), _tool.File("c.npy"));
        ArithmeticModel.Create().Save(model);
        ArithmeticModel.Write(frames, [3, 4], index => ArithmeticModel.Frame(index[0], index[1]));
        File.WriteAllText(garbage, "garbage, and some more of it");
        var before = _tool.Files();

        _tool.Fail(1, "none", "inspect", _tool.File("none"));
        _tool.Fail(1, garbage, "inspect", garbage);
        _tool.Fail(1, "none", "encode", model, _tool.File("none"), "-o", codes);
        _tool.Fail(1, garbage, "encode", model, garbage, "-o", codes);
        _tool.Fail(1, garbage, "encode", garbage, frames, "-o", codes);
        _tool.Fail(1, garbage, "decode", model, garbage, "-o", codes);
        _tool.Fail(1, garbage, "evaluate", model, garbage);
        _tool.Fail(1, garbage, "train", garbage, "-o", codes);
        _tool.Fail(1, garbage, "demo", garbage);
        _tool.Fail(1, "5 codebooks, but 6", "encode", model, frames, "-o", codes, "--codebooks", "6");
        _tool.Fail(1, "floating-point", "decode", model, frames, "-o", codes);
        _tool.Fail(1, "nowhere", "encode", model, frames, "-o", _tool.File("nowhere/c.npy"));
        Assert.Equal(before, _tool.Files());
    }

    [Fact]
    public void Run_FramesThatDoNotFit_Gives1AndWhy()
    {
        var (model, frames, codes) = (_tool.File("m.safetensors"), _tool.File("f.npy"), _tool.File("c.npy"));
        ArithmeticModel.Create().Save(model);

        ArithmeticModel.Write(frames, [4, 3], _ => 0);
        _tool.Fail(1, "With --channels-first it would fit", "encode", model, frames, "-o", codes);
        ArithmeticModel.Write(frames, [3, 4], _ => 0);
        _tool.Fail(1, "Without --channels-first it would fit", "encode", model, frames, "-o", codes, "--channels-first");
        ArithmeticModel.Write(frames, [4], _ => 0);
        _tool.Fail(1, "1 axes", "encode", model, frames, "-o", codes);
        ArithmeticModel.Write(frames, [3, 4], index => index[0] == 2 && index[1] == 1 ? float.NaN : 0);
        _tool.Fail(1, $"{frames}: It holds NaN at frame 2, dimension 1", "encode", model, frames, "-o", codes);
        _tool.Fail(1, ToolProcess.Fixture("npy_odd/inf.npy"), "train", ToolProcess.Fixture("npy_odd/inf.npy"), "-o", codes);
        ArithmeticModel.Write(frames, [0, 4], _ => 0);
        _tool.Fail(1, "0 frames", "evaluate", model, frames);
        Assert.False(File.Exists(codes));
    }

    [Fact]
    public void Run_CodesThatDoNotFit_Gives1AndWhy()
    {
        var (model, codes, frames) = (_tool.File("m.safetensors"), _tool.File("c.npy"), _tool.File("f.npy"));
        ArithmeticModel.Create().Save(model);
        File.WriteAllBytes(codes, NpyFile.Create(NpyFile.Header("|u1", "(1, 5)"), [0, 1, 2, 0, 0]));
        _tool.Fail(1, "2", "decode", model, codes, "-o", frames);
        File.WriteAllBytes(codes, NpyFile.Create(NpyFile.Header("|u1", "(1, 6)"), new byte[6]));
        _tool.Fail(1, "length 6, but the model's 5 codebooks give 5", "decode", model, codes, "-o", frames);
        File.WriteAllBytes(codes, NpyFile.Create(NpyFile.Header("|u1", "(1, 3)"), new byte[3]));
        _tool.Fail(1, "3 codebooks, but 4", "decode", model, codes, "-o", frames, "--codebooks", "4");
        Assert.False(File.Exists(frames));
    }

    public void Dispose() => _tool.Dispose();
}
