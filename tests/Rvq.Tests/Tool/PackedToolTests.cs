using System.Text.Json.Nodes;

namespace Rvq.Tests.Tool;

/// <summary>The important paths of every command with the package that users install.</summary>
public sealed class PackedToolTests(PackedTool packed) : IClassFixture<PackedTool>, IDisposable
{
    private readonly ToolProcess _tool = new(packed.Command);

    [Fact]
    public void Run_Alone_ShowsHelpAndItsVersion()
    {
        _tool.Succeed("$RVQ");
        Assert.All((string[])["demo", "inspect", "encode", "decode", "evaluate", "train"], name => Assert.Contains(name, _tool.Output, StringComparison.Ordinal));
        _tool.Succeed("$RVQ --version");
        Assert.StartsWith("0.1.0", _tool.Output, StringComparison.Ordinal);
        _tool.Fail(2, "bogus", "$RVQ bogus");
    }

    [Fact]
    public void EncodeAndDecode_EveryFormat_GiveEnCodecsCodesAndTheSameFrames()
    {
        _tool.Succeed("$RVQ encode model.th frames.npy -o codes.npy && $RVQ encode model.th frames.npy -o codes.rvq");
        _tool.AssertCodes(_tool.File("codes.npy"));
        _tool.Succeed("$RVQ decode model.th codes.npy -o a.npy && $RVQ decode model.th codes.rvq -o b.npy && $RVQ decode model.th - -o - < codes.rvq > c.npy");
        Assert.Equal([40, 8], Npy.ReadSingle(_tool.File("a.npy")).Shape);
        Assert.Equal(File.ReadAllBytes(_tool.File("a.npy")), File.ReadAllBytes(_tool.File("b.npy")));
        Assert.Equal(File.ReadAllBytes(_tool.File("a.npy")), File.ReadAllBytes(_tool.File("c.npy")));
        _tool.Succeed("$RVQ encode model.th frames.npy -o two.npy --codebooks 2 --threads 1 --beam 2 --json");
        Assert.Equal([40, 2], JsonNode.Parse(_tool.Output)!["shape"]!.AsArray().Select(length => length!.GetValue<int>()));
        Assert.Equal([40, 2], Npy.ReadInt64(_tool.File("two.npy")).Shape);
    }

    [Fact]
    public void EncodeAndDecode_Folders_GiveOneOutputEach()
    {
        _tool.Succeed("mkdir -p in/deep && cp frames.npy in/a.npy && cp frames.npy in/deep/b.npy && $RVQ encode model.th in --output-dir codes");
        _tool.AssertCodes(_tool.File("codes/a.npy"));
        _tool.AssertCodes(_tool.File("codes/deep/b.npy"));
        _tool.Succeed("$RVQ encode model.th in -o all.parquet && $RVQ decode model.th codes --output-dir frames");
        Assert.Equal([40, 8], Npy.ReadSingle(_tool.File("frames/deep/b.npy")).Shape);
    }

    [Fact]
    public void TrainEvaluateAndInspect_Together_Work()
    {
        _tool.Succeed("$RVQ train frames.npy -o m.st --codebooks 2 --size 8 --seed 1 --json");
        Assert.Equal(40, JsonNode.Parse(_tool.Output)!["frames"]!.GetValue<int>());
        _tool.Succeed("$RVQ train frames.npy -o next.st --init-from m.st > /dev/null && $RVQ evaluate next.st frames.npy --json");
        Assert.Equal(2, JsonNode.Parse(_tool.Output)!["rows"]!.AsArray().Count);
        _tool.Succeed("$RVQ inspect next.st --json");
        Assert.Equal("rvq.model/1", JsonNode.Parse(_tool.Output)!["schema"]!.GetValue<string>());
        _tool.Succeed("$RVQ encode next.st frames.npy -o c.rvq && $RVQ inspect c.rvq");
        Assert.Contains("%", _tool.Output, StringComparison.Ordinal);
        _tool.Succeed("$RVQ evaluate next.st frames.npy --frame-rate 50 --beam 2");
        Assert.Contains("kbit/s", _tool.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Demo_BuiltInClip_WritesWhatToListenTo()
    {
        _tool.Succeed("$RVQ demo -o listen --measure 0.02");
        Assert.Contains("lapped transform", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(5, Directory.GetFiles(_tool.File("listen"), "*.wav").Length);
    }

    [Fact]
    public void Run_NoTerminal_DrawsNoProgress()
    {
        _tool.Succeed("$RVQ train frames.npy -o m.st --codebooks 2 --size 8");
        Assert.Equal("", _tool.Error);
        Assert.DoesNotContain("iteration", _tool.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _tool.Dispose();
}
