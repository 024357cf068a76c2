using System.Globalization;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Rvq.Tests.Checkpoints;
using Rvq.Tests.Tool.Parquet;

namespace Rvq.Tests.Tool;

/// <summary>The important paths of every command with the package that users install.</summary>
public sealed class PackedToolTests(PackedTool packed) : IClassFixture<PackedTool>, IDisposable
{
    private readonly ToolProcess _tool = new(packed.Command);

    [Fact]
    public void Run_Alone_ShowsHelpAndItsVersion()
    {
        _tool.Succeed("$RVQ");
        Assert.All((string[])["demo", "inspect", "encode", "decode", "convert", "evaluate", "report", "train"],
            name => Assert.Contains(name, _tool.Output, StringComparison.Ordinal));
        _tool.Succeed("$RVQ --version");
        Assert.StartsWith("0.1.0", _tool.Output, StringComparison.Ordinal);
        _tool.Fail(2, "bogus", "$RVQ bogus");
    }

    [Fact]
    public void EncodeAndDecode_EveryFormat_GiveEnCodecsCodesAndTheSameFrames()
    {
        _tool.Succeed("$RVQ encode model.th frames.npy -o codes.npy && $RVQ encode model.th frames.npy -o codes.rvq");
        _tool.AssertCodes(_tool.File("codes.npy"));
        _tool.Succeed("$RVQ decode model.th codes.npy -o a.npy && $RVQ decode model.th codes.rvq -o b.npy && $RVQ decode model.th - -o - < "
            + "codes.rvq > c.npy");
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
        _tool.Succeed(
            "mkdir -p in/deep && cp frames.npy in/a.npy && cp frames.npy in/deep/b.npy && $RVQ encode model.th in --output-dir codes");
        _tool.AssertCodes(_tool.File("codes/a.npy"));
        _tool.AssertCodes(_tool.File("codes/deep/b.npy"));
        _tool.Succeed("$RVQ encode model.th in -o all.parquet && $RVQ decode model.th codes --output-dir frames");
        Assert.Equal([40, 8], Npy.ReadSingle(_tool.File("frames/deep/b.npy")).Shape);
    }

    [Theory]
    [InlineData("npy", "npy", ".npy")]
    [InlineData("rvq", "npy", ".npy")]
    [InlineData("parquet", "npy", ".npz")]
    [InlineData("npy", "parquet", ".parquet")]
    public void EncodeAndDecode_FormatsOfFolders_GiveTheSameFrames(string codes, string frames, string extension)
    {
        MakeFolder();
        _tool.Succeed($"$RVQ encode model.th in --output-dir codes --format {codes} --threads 2");
        _tool.Succeed(
            $"$RVQ decode model.th codes --output-dir frames --format {frames} && $RVQ decode model.th expected_codes.npy -o expected.npy");
        Assert.Equal(["a", "deep/b", "deep/c"], Outputs("frames", extension));
        var expected = Npy.ReadSingle(_tool.File("expected.npy")).Data;
        foreach (var name in (string[])["a", "deep/b", "deep/c"])
        {
            var path = _tool.File($"frames/{name}{extension}");
            if (extension == ".npz")
            {
                using var archive = ZipFile.OpenRead(path);
                Assert.Single(archive.Entries).ExtractToFile(path = _tool.File("member.npy"), overwrite: true);
            }

            if (extension != ".parquet")
            {
                Assert.Equal(expected, Npy.ReadSingle(path).Data);
                continue;
            }

            var row = Assert.Single(DuckDb.Query($"SELECT frame_count, frames FROM '{path}'"));
            Assert.Equal(40, row[0]);
            Assert.Equal(expected, (IEnumerable<float>)row[1]!);
        }
    }

    [Fact]
    public void Encode_Resume_MakesWhatIsMissing()
    {
        MakeFolder();
        _tool.Succeed("$RVQ encode model.th in --output-dir codes && $RVQ encode model.th in --output-dir again && rm again/deep/b.npy");
        _tool.Succeed("$RVQ encode model.th in --output-dir again --resume");
        Assert.Contains("1 of 3 inputs written, 2 that were there skipped", _tool.Output, StringComparison.Ordinal);
        _tool.Succeed("diff -r codes again");
    }

    [Fact]
    public void Encode_Shards_GiveTogetherWhatOneRunGives()
    {
        MakeFolder();
        _tool.Succeed("$RVQ encode model.th in --output-dir codes --format rvq");
        _tool.Succeed("$RVQ encode model.th in --output-dir parts --format rvq --shard 1/2 && ls parts");
        Assert.Equal(["deep/b"], Outputs("parts", ".rvq"));
        _tool.Succeed("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=1 SLURM_ARRAY_TASK_STEP=1 "
            + "SLURM_ARRAY_TASK_COUNT=2 $RVQ encode model.th in --output-dir parts --format rvq --shard slurm");
        _tool.Succeed("diff -r codes parts");
    }

    [Fact]
    public void Convert_CodesOfOtherPrograms_AreArraysAndStreams()
    {
        File.Copy(TestData.Path("reference/bits-ecdc-24khz/file.ecdc"), _tool.File("x.ecdc"));
        _tool.Succeed("$RVQ convert x.ecdc -o a.npy --dtype uint16 && $RVQ convert x.ecdc -o x.rvq && $RVQ convert - -o - --dtype uint16 < "
            + "x.rvq > b.npy");
        Assert.Equal(PeerCodes.EnCodec("bits-ecdc-24khz").Codes.Select(code => (long)code), Npy.ReadInt64(_tool.File("a.npy")).Data);
        Assert.Equal(File.ReadAllBytes(_tool.File("a.npy")), File.ReadAllBytes(_tool.File("b.npy")));
        _tool.Fail(1, "--size", "$RVQ convert a.npy -o y.rvq");
    }

    [Fact]
    public void Report_Frames_IsOnePage()
    {
        _tool.Succeed("mkdir in && cp frames.npy in/ && $RVQ report model.th in -o report.html --frame-rate 75 --beam 2 --codebooks 2");
        Assert.Contains("40 frames of 1 clip, 2 codebooks", _tool.Output, StringComparison.Ordinal);
        var page = File.ReadAllText(_tool.File("report.html"));
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=.(http|//)", page);
        Assert.EndsWith("</html>", page.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void TrainAndEncode_Terminal_ShowProgressOnStandardErrorAlone()
    {
        Assert.SkipUnless(
            _tool.Run("command -v script && script --version") == 0, "There is no script(1) of util-linux, which makes a terminal.");

        // The last input is a pipe into which nothing comes for a second: the line is drawn every fifth of one.
        MakeFolder();
        _tool.Succeed("rm in/deep/c.npy && mkfifo in/deep/c.npy");
        WriteScript("encode.sh", "(sleep 1; : > in/deep/c.npy) & $RVQ encode model.th in --output-dir codes --threads 2 > out.txt; wait");
        WriteScript("train.sh", "$RVQ train frames.npy -o m.st --codebooks 2 --size 8 > out.txt");
        WriteScript("quiet.sh", "$RVQ train frames.npy -o m.st --codebooks 2 --size 8 2> err.txt");
        Terminal("encode.sh");
        Assert.Contains("2 of 3 files, 80 frames in", _tool.Output, StringComparison.Ordinal);
        Assert.Matches(@"files/s, [\d,]+ frames/s.*left", _tool.Output);
        Assert.DoesNotContain(
            "files/s,", string.Join('\n', File.ReadAllLines(_tool.File("out.txt")).SkipLast(1)), StringComparison.Ordinal);
        Terminal("train.sh");
        Assert.Contains("codebook 2 of 2", _tool.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("iteration", File.ReadAllText(_tool.File("out.txt")), StringComparison.Ordinal);
        Terminal("quiet.sh");
        Assert.DoesNotContain("iteration", _tool.Output, StringComparison.Ordinal);
        Assert.Equal("", File.ReadAllText(_tool.File("err.txt")));

        void WriteScript(string name, string text) => File.WriteAllText(_tool.File(name), text);
        void Terminal(string script) => _tool.Run($"TERM=xterm script -qec 'sh {script}' /dev/null < /dev/null");
    }

    [Fact]
    public void EncodeAndDecode_RarerOptions_DoWhatTheySay()
    {
        MakeFolder();
        File.WriteAllText(_tool.File("list.txt"), "in/a.npy\nin/deep/b.npy\n");
        _tool.Succeed("$RVQ encode model.th @list.txt --root in --output-dir codes && $RVQ encode model.th @- -o all.parquet "
            + "--per-codebook < list.txt");
        _tool.AssertCodes(_tool.File("codes/deep/b.npy"));
        var row = DuckDb.Query($"SELECT count(*), sum(len(codes_2)) FROM '{_tool.File("all.parquet")}'")[0];
        Assert.Equal("2 80", $"{row[0]} {row[1]}");
        _tool.Succeed("$RVQ decode model.th all.parquet --output-dir frames --column codes --dtype float64");
        Assert.Equal(["all"], Outputs("frames", ".npz"));

        // A stream without a fingerprint, and one whose last byte before the end mark is damaged.
        var size = RvqModel.Load(_tool.File("model.th")).Stages[0].Codebook.Size;
        _tool.Succeed($"$RVQ convert expected_codes.npy -o c.rvq --size {size}");
        _tool.Fail(1, "--allow-other-model", "$RVQ decode model.th c.rvq -o a.npy");
        _tool.Succeed("$RVQ decode model.th c.rvq -o a.npy --allow-other-model && $RVQ decode model.th expected_codes.npy -o b.npy && cmp "
            + "a.npy b.npy");
        _tool.Succeed("$RVQ encode model.th frames.npy -o d.rvq && printf X | dd of=d.rvq bs=1 seek=$(($(wc -c < d.rvq) - 17)) "
            + "conv=notrunc 2> /dev/null");
        _tool.Fail(1, "d.rvq", "$RVQ decode model.th d.rvq -o a.npy");
        _tool.Succeed("$RVQ decode model.th d.rvq -o a.npy --recover");
        Assert.Contains("lost", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommand_ChannelsFirst_TakesAndGivesTheAxesTurned()
    {
        // codes.npy [3, 40] and frames.npy [8, 40]: what the usual order gives, with its axes turned.
        var frames = Npy.ReadSingle(_tool.File("frames.npy"));
        ArithmeticModel.Write(_tool.File("turned.npy"), [8, 40], index => frames.Data[(index[1] * 8) + index[0]]);
        _tool.Succeed("$RVQ encode model.th turned.npy --channels-first -o codes.npy && mkdir in && cp turned.npy in && $RVQ encode "
            + "model.th in --channels-first --output-dir out && cmp codes.npy out/turned.npy");
        var (codes, expected) = (Npy.ReadInt64(_tool.File("codes.npy")), Npy.ReadInt64(_tool.File("expected_codes.npy")).Data);
        Assert.Equal([3, 40], codes.Shape);
        Assert.Equal(expected, Enumerable.Range(0, 120).Select(i => codes.Data[(i % 3 * 40) + (i / 3)]));
        _tool.Succeed("$RVQ decode model.th codes.npy --channels-first -o back.npy && $RVQ decode model.th expected_codes.npy -o rows.npy");
        var (back, rows) = (Npy.ReadSingle(_tool.File("back.npy")), Npy.ReadSingle(_tool.File("rows.npy")).Data);
        Assert.Equal([8, 40], back.Shape);
        Assert.Equal(rows, Enumerable.Range(0, 320).Select(i => back.Data[(i % 8 * 40) + (i / 8)]));
        _tool.Succeed("$RVQ train turned.npy --channels-first -o a.st --codebooks 2 --size 8 && $RVQ train frames.npy -o b.st "
            + "--codebooks 2 --size 8 && cmp a.st b.st");
        _tool.Succeed("$RVQ evaluate model.th turned.npy --channels-first --json > a.json && $RVQ evaluate model.th frames.npy --json > "
            + "b.json && cmp a.json b.json");
        _tool.Succeed("$RVQ convert codes.npy --channels-first -o a.rvq --size 1024 && $RVQ convert expected_codes.npy -o b.rvq "
            + "--size 1024 && cmp a.rvq b.rvq && $RVQ report model.th in --channels-first -o r.html");
    }

    [Fact]
    public void Decode_UnitCodewords_HaveLengthOne()
    {
        File.WriteAllBytes(_tool.File("titok.safetensors"), TensorBytes.Safetensors(
            [TensorBytes.Single("vq_layer.embedding.weight", [2, 2], 3, 4, 0, -2)]));
        _tool.Succeed("$RVQ train frames.npy -o unused.st --codebooks 1 --size 2 > /dev/null && $RVQ encode unused.st frames.npy -o c.npy");
        _tool.Succeed("$RVQ decode titok.safetensors c.npy -o unit.npy --unit-codewords true");
        Assert.All(Npy.ReadSingle(_tool.File("unit.npy")).Data, value => Assert.Contains(value, (float[])[0.6f, 0.8f, 0, -1]));
        _tool.Succeed("$RVQ decode titok.safetensors c.npy -o unit2.npy --unit-codewords && cmp unit.npy unit2.npy");
    }

    [Fact]
    public void InspectTrainAndEvaluate_RarerOptions_DoWhatTheySay()
    {
        File.Copy(ToolProcess.Fixture("several_quantizers/me.pt"), _tool.File("me.pt"));
        File.Copy(TestData.Path("checkpoints/npy_codebook_semanticodec/codebook.npy"), _tool.File("bare.npy"));
        _tool.Succeed(
            "$RVQ inspect me.pt --prefix model && $RVQ inspect bare.npy --bare-codebooks && $RVQ inspect bare.npy --tensors --json");
        _tool.Succeed("$RVQ inspect model.th --family EnCodec --ignore 'none*' --metric cosine");
        Assert.Contains("Cosine", _tool.Output, StringComparison.Ordinal);
        _tool.Succeed("$RVQ train frames.npy -o m.st --codebooks 2 --size 8 --iterations 2 --sample 30 --seed 3 --threads 1 --json");
        Assert.Equal(30, JsonNode.Parse(_tool.Output)!["frames"]!.GetValue<int>());

        // 75 frames a second of as many bits a codebook: this pays for two and a half.
        var model = RvqModel.Load(_tool.File("model.th"));
        var rated = new RvqModel(model.Stacks.ToArray()) { SampleRate = 24000, HopLength = 320 };
        rated.Save(_tool.File("rated.st"));
        var rate = (2.5 * 0.075 * model.Stages[0].Codebook.BitsPerCode).ToString(CultureInfo.InvariantCulture);
        _tool.Succeed($"$RVQ evaluate rated.st frames.npy --bitrate {rate} --json");
        Assert.Equal(2, JsonNode.Parse(_tool.Output)!["rows"]!.AsArray().Count);
        _tool.Succeed($"$RVQ encode rated.st frames.npy -o c.npy --bitrate {rate} && $RVQ report rated.st frames.npy -o r.html --bitrate "
            + $"{rate} --limit 20");
        Assert.Equal([40, 2], Npy.ReadInt64(_tool.File("c.npy")).Shape);
        Assert.Contains("20 frames of 1 clip, 2 codebooks", _tool.Output, StringComparison.Ordinal);
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

    private void MakeFolder()
        => _tool.Succeed("mkdir -p in/deep && cp frames.npy in/a.npy && cp frames.npy in/deep/b.npy && cp frames.npy in/deep/c.npy");

    /// <summary>The names of the files with an extension in a folder's tree, without it.</summary>
    private string[] Outputs(string folder, string extension) =>
    [
        .. Directory.EnumerateFiles(_tool.File(folder), $"*{extension}", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_tool.File(folder), path)[..^extension.Length]).Order(StringComparer.Ordinal),
    ];
}
