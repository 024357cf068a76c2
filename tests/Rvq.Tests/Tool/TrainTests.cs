using System.IO.Compression;
using Rvq.Tool.Parquet;

namespace Rvq.Tests.Tool;

public sealed class TrainTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Fact]
    public void Train_FourPoints_FindsThem()
    {
        // Frames that take four values: one codebook of four codewords holds exactly these, and nothing is left for the second.
        float[][] points = [[1, 2, 3], [-8, 5, 0], [40, -1, 7], [9, 9, -60]];
        var (frames, model) = (_tool.File("frames.npy"), _tool.File("model.safetensors"));
        ArithmeticModel.Write(frames, [64, 3], index => points[index[0] * 7 % 4][index[1]]);
        _tool.Succeed(
            "train", frames, "-o", model, "--codebooks", "1", "--size", "4", "--iterations", "50", "--seed", "3", "--threads", "2");
        var rows = Enumerable.Range(0, 4).Select(code => RvqModel.Load(model).Stages[0].Codebook[code].ToArray()).OrderBy(row => row[0]);
        Assert.Equal(points.OrderBy(row => row[0]), rows);
        Assert.Contains("∞", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("4 of 4", _tool.Output, StringComparison.Ordinal);
        Assert.Equal(["frames.npy", "model.safetensors"], _tool.Files());
    }

    [Fact]
    public void Train_SameSeed_GivesTheSameFileWhateverTheThreads()
    {
        var random = new Random(1);
        ArithmeticModel.Write(_tool.File("frames.npy"), [2, 5, 200], _ => random.NextSingle());
        string[] common = ["train", _tool.File("frames.npy"), "--channels-first", "--codebooks", "3", "--size", "16", "--sample", "300"];
        _tool.Succeed([.. common, "-o", _tool.File("a"), "--threads", "1", "--seed", "7"]);
        _tool.Succeed([.. common, "-o", _tool.File("b"), "--threads", "2", "--seed", "7"]);
        _tool.Succeed([.. common, "-o", _tool.File("c"), "--threads", "2", "--seed", "8"]);
        Assert.Equal(File.ReadAllBytes(_tool.File("a")), File.ReadAllBytes(_tool.File("b")));
        Assert.NotEqual(File.ReadAllBytes(_tool.File("a")), File.ReadAllBytes(_tool.File("c")));
        Assert.Equal(5, RvqModel.Load(_tool.File("a")).Dimensions);
    }

    [Fact]
    public void Train_FilesAndFolders_AreOneSample()
    {
        var random = new Random(2);
        var rows = Enumerable.Range(0, 400).Select(_ => new[] { random.NextSingle(), random.NextSingle() }).ToArray();
        var folder = Directory.CreateDirectory(_tool.File("folder/deep")).Parent!.FullName;
        Write("all.npy", 0, 400);
        Write("first.npy", 0, 100);
        Write("folder/a.npy", 100, 150);
        Write("folder/deep/b.npy", 150, 300);
        Write("folder/z.npy", 300, 400);
        File.WriteAllText(_tool.File("folder/notes.txt"), "no frames");
        foreach (var sample in (string[])["1000", "200"])
        {
            string[] options = ["--codebooks", "2", "--size", "8", "--seed", "5", "--sample", sample, "-o"];
            _tool.Succeed(["train", _tool.File("all.npy"), .. options, _tool.File("one")]);
            _tool.Succeed(["train", _tool.File("first.npy"), folder, .. options, _tool.File("many")]);
            Assert.Equal(File.ReadAllBytes(_tool.File("one")), File.ReadAllBytes(_tool.File("many")));
            Assert.Contains(
                sample == "200" ? "200 of 400 frames of 4 files" : "400 frames of 4 files", _tool.Output, StringComparison.Ordinal);
        }

        ArithmeticModel.Write(_tool.File("folder/other.npy"), [3, 5], _ => 1);
        _tool.Fail(1, "other.npy", "train", _tool.File("first.npy"), folder, "-o", _tool.File("x"), "--size", "2");
        _tool.Fail(
            1, "nothing that ends with .npy", "train", Directory.CreateDirectory(_tool.File("empty")).FullName, "-o", _tool.File("x"));
        _tool.Fail(1, "which the command reads", "train", folder, "-o", _tool.File("folder/deep/b.npy"));

        void Write(string name, int start, int end)
            => ArithmeticModel.Write(_tool.File(name), [end - start, 2], index => rows[start + index[0]][index[1]]);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(150)]
    public void Train_ArchivesTablesAndLists_AreTheSameFrames(int sample)
    {
        // 300 frames as one .npy, as the members of an .npz, as the rows of a table behind it, and as files of a list.
        var random = new Random(4);
        var rows = Enumerable.Range(0, 300).Select(_ => new[] { random.NextSingle(), random.NextSingle(), random.NextSingle() }).ToArray();
        Write("all.npy", 0, 300);
        Write("a.npy", 0, 100);
        Write("b.npy", 100, 300);
        using (var archive = ZipFile.Open(_tool.File("all.npz"), ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(_tool.File("a.npy"), "first.npy");
            archive.CreateEntryFromFile(_tool.File("b.npy"), "second.npy", CompressionLevel.NoCompression);
        }

        using (var stream = File.Create(_tool.File("rest.parquet")))
        {
            var writer = new ParquetClipWriter<float>(
                stream, ["frames"], new Dictionary<string, string>(), TestContext.Current.CancellationToken);
            writer.Write("b", 120, [.. rows[100..220].SelectMany(row => row)]);
            writer.Write("c", 80, [.. rows[220..].SelectMany(row => row)]);
            writer.Complete();
        }

        File.WriteAllText(_tool.File("list.txt"), $"# in this order\n{_tool.File("a.npy")}\n\n{_tool.File("b.npy")}\n");
        string[] options = ["--codebooks", "2", "--size", "8", "--seed", "5", "--sample", $"{sample}", "-o"];
        _tool.Succeed(["train", _tool.File("all.npy"), .. options, _tool.File("expected")]);
        AssertSame(_tool.File("all.npz"));
        AssertSame(_tool.File("a.npy"), _tool.File("rest.parquet"));
        AssertSame($"@{_tool.File("list.txt")}");
        File.Copy(_tool.File("all.npy"), _tool.File("frames.array"));
        AssertSame(_tool.File("frames.array"));
        _tool.Fail(1, "how long a frame is", ["train", _tool.File("rest.parquet"), .. options, _tool.File("x")]);

        void AssertSame(params string[] inputs)
        {
            _tool.Succeed(["train", .. inputs, .. options, _tool.File("model")]);
            Assert.Equal(File.ReadAllBytes(_tool.File("expected")), File.ReadAllBytes(_tool.File("model")));
        }

        void Write(string name, int start, int end)
            => ArithmeticModel.Write(_tool.File(name), [end - start, 3], index => rows[start + index[0]][index[1]]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_ALongFile_IsTheSameReadInPartsAndWhole(bool channelsFirst)
    {
        // Two sequences, each longer than one part; a name that is no array's is read whole.
        const int Count = 530_000;
        var random = new Random(6);
        ArithmeticModel.Write(_tool.File("parts.npy"), channelsFirst ? [2, 2, Count] : [2, Count, 2], _ => random.NextSingle());
        File.Copy(_tool.File("parts.npy"), _tool.File("whole"));
        string[] options = ["--codebooks", "1", "--size", "8", "--sample", "500", .. channelsFirst ? ["--channels-first"] : (string[])[]];
        _tool.Succeed(["train", _tool.File("parts.npy"), .. options, "-o", _tool.File("a")]);
        Assert.Contains("of 1060000 frames", _tool.Output.Replace(",", "", StringComparison.Ordinal), StringComparison.Ordinal);
        _tool.Succeed(["train", _tool.File("whole"), .. options, "-o", _tool.File("b")]);
        Assert.Equal(File.ReadAllBytes(_tool.File("a")), File.ReadAllBytes(_tool.File("b")));
    }

    [Fact]
    public void Train_InitFrom_GoesOnFromTheModel()
    {
        // Frames that are the model's own codewords: it is found again at once, whatever a fresh start would find.
        var codebook = new Codebook([0, 0, 10, 0, 0, 10, 10, 10, 500, 500], 2);
        new RvqModel(codebook, new Codebook([0, 0, 1, 1], 2)).Save(_tool.File("start"));
        ArithmeticModel.Write(_tool.File("frames.npy"), [50, 2], index => codebook[index[0] % 5][index[1]]);
        string[] command = [
            "train", _tool.File("frames.npy"), "-o", _tool.File("next"), "--init-from", _tool.File("start"), "--iterations", "3"];
        _tool.Succeed([.. command, "--codebooks", "1"]);
        var next = RvqModel.Load(_tool.File("next"));
        Assert.Equal(1, next.CodebookCount);
        Assert.Equal(Enumerable.Range(0, 5).SelectMany(code => codebook[code].ToArray()), Enumerable.Range(0, 5)
            .SelectMany(code => next.Stages[0].Codebook[code].ToArray()));

        _tool.Succeed(command);
        Assert.Equal([5, 2], RvqModel.Load(_tool.File("next")).Stages.ToArray().Select(stage => stage.Codebook.Size));
        _tool.Fail(1, "--init-from has 5 codewords, but 4 are asked for", [.. command, "--size", "4"]);
        _tool.Fail(
            1, "which the command reads", "train", _tool.File("frames.npy"), "-o", _tool.File("start"), "--init-from", _tool.File("start"));
    }

    [Fact]
    public void Train_BadInput_Gives1AndNoFile()
    {
        var (frames, model) = (_tool.File("frames.npy"), _tool.File("model"));
        ArithmeticModel.Write(frames, [10, 2], index => index[0]);
        _tool.Fail(1, "10 frames", "train", frames, "-o", model, "--size", "16");
        ArithmeticModel.Write(frames, [10, 2], _ => float.PositiveInfinity);
        _tool.Fail(1, "frame 0, dimension 0", "train", frames, "-o", model, "--size", "2");
        ArithmeticModel.Write(frames, [0, 2], _ => 0);
        _tool.Fail(1, "0 frames", "train", frames, "-o", model, "--size", "2");
        Assert.Equal(["frames.npy"], _tool.Files());
    }

    public void Dispose() => _tool.Dispose();
}
