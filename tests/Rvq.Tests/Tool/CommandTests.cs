using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

/// <summary>Encode, decode, evaluate and inspect on a model whose codes are arithmetic.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly ToolRun _tool = new();
    private readonly string _model;

    public CommandTests()
    {
        _model = _tool.File("model.safetensors");
        ArithmeticModel.Create().Save(_model);
    }

    [Theory]
    [InlineData(1, 6, false, false)]
    [InlineData(1, 6, false, true)]
    [InlineData(3, 6, true, false)]
    [InlineData(3, 6, true, true)]
    [InlineData(1, 1, false, false)]
    [InlineData(1, 1, true, true)]
    [InlineData(2, 1, true, true)]
    public void EncodeAndDecode_EveryLayout_KeepTheFrameAxisInPlace(int batch, int count, bool batched, bool channelsFirst)
    {
        var (codes, frames) = (WriteFrames(batch, count, batched, channelsFirst), _tool.File("back.npy"));
        string[] layout = channelsFirst ? ["--channels-first"] : [];
        _tool.Succeed(["encode", _model, frames.Replace("back", "frames", StringComparison.Ordinal), "-o", codes, .. layout]);

        var (read, shape) = Npy.ReadInt64(codes);
        Assert.Equal(Shape(batch, count, ArithmeticModel.CodebookCount, batched, channelsFirst), shape);
        AssertAll(batch, count, ArithmeticModel.CodebookCount, channelsFirst, (b, t, n) => ArithmeticModel.Code(ArithmeticModel.Number(b, t), n), i => read[i]);
        Assert.Equal("<i4", System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(codes), 21, 3));

        _tool.Succeed(["decode", _model, codes, "-o", frames, .. layout]);
        var (back, backShape) = Npy.ReadSingle(frames);
        Assert.Equal(Shape(batch, count, ArithmeticModel.Dimensions, batched, channelsFirst), backShape);
        AssertAll(batch, count, ArithmeticModel.Dimensions, channelsFirst, (b, t, d) => ArithmeticModel.Frame(ArithmeticModel.Number(b, t), d), i => back[i]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void EncodeAndDecode_FewerCodebooks_AreAPrefix(int count)
    {
        var codes = WriteFrames(2, 5, batched: true, channelsFirst: true);
        var (full, frames) = (_tool.File("full.npy"), _tool.File("frames.npy"));
        _tool.Succeed("encode", _model, frames, "-o", codes, "--channels-first", "--codebooks", $"{count}");
        _tool.Succeed("encode", _model, frames, "-o", full, "--channels-first");
        Assert.Equal([2, count, 5], Npy.ReadInt64(codes).Shape);
        _tool.Succeed("decode", _model, codes, "-o", _tool.File("a.npy"), "--channels-first");
        _tool.Succeed("decode", _model, full, "-o", _tool.File("b.npy"), "--channels-first", "--codebooks", $"{count}");
        Assert.Equal(File.ReadAllBytes(_tool.File("a.npy")), File.ReadAllBytes(_tool.File("b.npy")));
        var (back, _) = Npy.ReadSingle(_tool.File("a.npy"));
        AssertAll(2, 5, 4, true, (b, t, d) => ArithmeticModel.Decoded(ArithmeticModel.Number(b, t), d, count), i => back[i]);
    }

    [Fact]
    public void Encode_FortranOrder_GivesTheSameCodes()
    {
        var codes = WriteFrames(1, 6, batched: false, channelsFirst: false);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes);
        var expected = File.ReadAllBytes(codes);

        // A [T, D] array in Fortran order has the bytes of the [D, T] array in C order.
        WriteFrames(1, 6, batched: false, channelsFirst: true);
        var transposed = Npy.ReadSingle(_tool.File("frames.npy")).Data;
        var payload = new byte[transposed.Length * sizeof(float)];
        Buffer.BlockCopy(transposed, 0, payload, 0, payload.Length);
        File.WriteAllBytes(_tool.File("frames.npy"), NpyFile.Create(NpyFile.Header("<f4", "(6, 4)", fortranOrder: true), payload));
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes);
        Assert.Equal(expected, File.ReadAllBytes(codes));
    }

    [Fact]
    public void EncodeAndDecode_InAPipe_GiveTheSameBytesAsWithFiles()
    {
        var codes = WriteFrames(1, 6, batched: false, channelsFirst: false);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes);
        _tool.Input = File.ReadAllBytes(_tool.File("frames.npy"));
        _tool.Succeed("encode", _model, "-", "-o", "-");
        Assert.Equal(File.ReadAllBytes(codes), _tool.Bytes);
        Assert.Equal("", _tool.Output);
        _tool.Input = _tool.Bytes;
        _tool.Succeed("decode", _model, "-", "-o", "-");
        Assert.Equal(File.ReadAllBytes(_tool.File("frames.npy")), _tool.Bytes);
    }

    [Fact]
    public void EncodeAndDecode_NoFrames_GiveNoFrames()
    {
        ArithmeticModel.Write(_tool.File("frames.npy"), [0, 4], _ => 0);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", _tool.File("codes.npy"));
        Assert.Equal([0, 5], Npy.ReadInt64(_tool.File("codes.npy")).Shape);
        _tool.Succeed("decode", _model, _tool.File("codes.npy"), "-o", _tool.File("frames.npy"));
        Assert.Equal([0, 4], Npy.ReadSingle(_tool.File("frames.npy")).Shape);
    }

    [Theory]
    [InlineData("--threads", "1")]
    [InlineData("--threads", "3")]
    public void Evaluate_ArithmeticModel_ShowsBitsErrorAndUse(params string[] options)
    {
        // The numbers below 20, each once: their binary digits are not used alike.
        const int Numbers = 20;
        ArithmeticModel.Write(_tool.File("frames.npy"), [Numbers, 4], index => ArithmeticModel.Frame(index[0], index[1]));
        _tool.Succeed(["evaluate", _model, _tool.File("frames.npy"), "--frame-rate", "50", .. options]);
        var rows = _tool.Output.Split('\n').Where(line => line.StartsWith('│') && line.Contains(" of ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, rows.Length);
        for (var n = 1; n <= 5; n++)
        {
            var cells = rows[n - 1].Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var signal = Enumerable.Range(0, Numbers).Sum(i => Math.Pow(ArithmeticModel.Factor(i), 2));
            var noise = Enumerable.Range(0, Numbers).Sum(i => Math.Pow(ArithmeticModel.Frame(i, 0) - ArithmeticModel.Decoded(i, 0, n), 2));
            var ratio = n == 5 ? "∞" : Text(10 * Math.Log10(signal / noise), 2);
            var ones = Enumerable.Range(0, Numbers).Average(i => ArithmeticModel.Code(i, n - 1));
            var perplexity = Math.Exp(-(ones * Math.Log(ones)) - ((1 - ones) * Math.Log(1 - ones)));
            Assert.Equal([$"{n}", $"{n}", $"0.{5 * n:00}", ratio, "2 of 2", Text(perplexity, 1)], cells);
        }

        static string Text(double value, int decimals) => value.ToString($"F{decimals}", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Inspect_ArithmeticModel_ShowsWhatItIsMadeOf()
    {
        _tool.Succeed("inspect", _model);
        Assert.Contains("4 values", _tool.Output, StringComparison.Ordinal);
        Assert.Matches(@"0–4 +│ 2 × 4 +│ 1 +│ Euclidean", _tool.Output);
    }

    private static int[] Shape(int batch, int count, int width, bool batched, bool channelsFirst)
    {
        int[] vectors = channelsFirst ? [width, count] : [count, width];
        return batched ? [batch, .. vectors] : vectors;
    }

    private static void AssertAll(int batch, int count, int width, bool channelsFirst, Func<int, int, int, float> expected, Func<int, float> actual)
    {
        for (var b = 0; b < batch; b++)
        {
            for (var t = 0; t < count; t++)
            {
                for (var c = 0; c < width; c++)
                {
                    Assert.Equal(expected(b, t, c), actual((b * count * width) + (channelsFirst ? (c * count) + t : (t * width) + c)));
                }
            }
        }
    }

    private string WriteFrames(int batch, int count, bool batched, bool channelsFirst)
    {
        ArithmeticModel.Write(_tool.File("frames.npy"), Shape(batch, count, ArithmeticModel.Dimensions, batched, channelsFirst), index =>
        {
            var (t, d) = channelsFirst ? (index[^1], index[^2]) : (index[^2], index[^1]);
            return ArithmeticModel.Frame(ArithmeticModel.Number(batched ? index[0] : 0, t), d);
        });
        return _tool.File("codes.npy");
    }

    public void Dispose() => _tool.Dispose();
}
