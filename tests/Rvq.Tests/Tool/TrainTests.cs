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
        _tool.Succeed("train", frames, "-o", model, "--codebooks", "1", "--size", "4", "--iterations", "50", "--seed", "3", "--threads", "2");
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
