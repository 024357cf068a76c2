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
        AssertAll(batch, count, ArithmeticModel.CodebookCount, channelsFirst,
            (b, t, n) => ArithmeticModel.Code(ArithmeticModel.Number(b, t), n), i => read[i]);
        Assert.Equal("<i4", System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(codes), 21, 3));

        _tool.Succeed(["decode", _model, codes, "-o", frames, .. layout]);
        var (back, backShape) = Npy.ReadSingle(frames);
        Assert.Equal(Shape(batch, count, ArithmeticModel.Dimensions, batched, channelsFirst), backShape);
        AssertAll(batch, count, ArithmeticModel.Dimensions, channelsFirst,
            (b, t, d) => ArithmeticModel.Frame(ArithmeticModel.Number(b, t), d), i => back[i]);
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

    [Theory]
    [InlineData("uint8", "|u1", 1)]
    [InlineData("int16", "<i2", 2)]
    [InlineData("uint16", "<u2", 2)]
    [InlineData("int32", "<i4", 4)]
    [InlineData("int64", "<i8", 8)]
    public void Encode_ElementType_IsThatOfTheFile(string type, string code, int bytes)
    {
        var codes = WriteFrames(1, 6, batched: false, channelsFirst: false);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes, "--dtype", type);
        var file = File.ReadAllBytes(codes);
        Assert.Contains($"'descr': '{code}'", System.Text.Encoding.ASCII.GetString(file, 0, 128), StringComparison.Ordinal);
        Assert.Equal(128 + (6 * ArithmeticModel.CodebookCount * bytes), file.Length);
        for (var i = 0; i < 6 * ArithmeticModel.CodebookCount; i++)
        {
            var (number, codebook) = (ArithmeticModel.Number(0, i / ArithmeticModel.CodebookCount), i % ArithmeticModel.CodebookCount);
            Assert.Equal(ArithmeticModel.Code(number, codebook), file[128 + (i * bytes)]);
            Assert.All(file.AsSpan(128 + (i * bytes) + 1, bytes - 1).ToArray(), rest => Assert.Equal(0, rest));
        }

        // The other way of writing, from a folder and with the frame axis last, gives the same files.
        WriteFrames(1, 6, batched: false, channelsFirst: true);
        Directory.CreateDirectory(_tool.File("in"));
        File.Copy(_tool.File("frames.npy"), _tool.File("in/a.npy"));
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes, "--dtype", type, "--channels-first");
        _tool.Succeed("encode", _model, _tool.File("in"), "--output-dir", _tool.File("out"), "--dtype", type, "--channels-first");
        Assert.Equal(File.ReadAllBytes(codes), File.ReadAllBytes(_tool.File("out/a.npy")));
        _tool.Fail(1, "dtype", "encode", _model, _tool.File("in"), "--output-dir", _tool.File("out"), "--channels-first", "--dtype",
            type == "int64" ? "int32" : "int64");
        _tool.Succeed("decode", _model, codes, "-o", _tool.File("last.npy"), "--channels-first", "--dtype", "float64");
        _tool.Succeed("decode", _model, _tool.File("out"), "--output-dir", _tool.File("back"), "--channels-first", "--dtype", "float64");
        Assert.Equal(File.ReadAllBytes(_tool.File("last.npy")), File.ReadAllBytes(_tool.File("back/a.npy")));
    }

    [Theory]
    [InlineData("float16", "<f2", 2)]
    [InlineData("float32", "<f4", 4)]
    [InlineData("float64", "<f8", 8)]
    public void Decode_ElementType_IsThatOfTheFile(string type, string code, int bytes)
    {
        var codes = WriteFrames(1, 6, batched: false, channelsFirst: false);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes);
        _tool.Succeed("decode", _model, codes, "-o", _tool.File("decoded.npy"), "--dtype", type);
        var file = File.ReadAllBytes(_tool.File("decoded.npy"));
        Assert.Contains($"'descr': '{code}'", System.Text.Encoding.ASCII.GetString(file, 0, 128), StringComparison.Ordinal);
        Assert.Equal(128 + (6 * 4 * bytes), file.Length);
        for (var i = 0; i < 6 * 4; i++)
        {
            var value = file.AsSpan(128 + (i * bytes));
            Assert.Equal(
                ArithmeticModel.Frame(ArithmeticModel.Number(0, i / 4), i % 4),
                bytes == 2 ? (double)BitConverter.ToHalf(value) : bytes == 4 ? BitConverter.ToSingle(value) : BitConverter.ToDouble(value));
        }
    }

    [Fact]
    public void EncodeAndDecode_ElementTypeThatCannotBe_IsRefused()
    {
        new RvqModel(new Codebook([.. Enumerable.Range(0, 300).Select(i => i * 1000f)], 1)).Save(_model);
        var (frames, codes) = (_tool.File("frames.npy"), _tool.File("codes.npy"));
        ArithmeticModel.Write(frames, [2, 1], _ => 299_000);
        _tool.Fail(1, "--dtype uint8 cannot hold 299", "encode", _model, frames, "-o", codes, "--dtype", "uint8");
        _tool.Fail(2, "--dtype must be one of int32, uint8", "encode", _model, frames, "-o", codes, "--dtype", "float32");
        _tool.Fail(
            1, "--dtype is for outputs that are arrays", "encode", _model, frames, "-o", _tool.File("codes.rvq"), "--dtype", "uint16");
        _tool.Fail(
            1, "--dtype is for outputs that are arrays", "encode", _model, frames, "-o", _tool.File("codes.parquet"), "--dtype", "uint16");
        Assert.DoesNotContain("codes", string.Join(' ', _tool.Files()), StringComparison.Ordinal);
        _tool.Succeed("encode", _model, frames, "-o", codes, "--dtype", "uint16");
        _tool.Fail(1, "--dtype float16 cannot hold 299000", "decode", _model, codes, "-o", _tool.File("half.npy"), "--dtype", "float16");
        Assert.False(File.Exists(_tool.File("half.npy")));
    }

    [Fact]
    public void Decode_Bitrate_TakesTheCodebooksThatItPaysFor()
    {
        new RvqModel(ArithmeticModel.Create().Stacks.ToArray()) { SampleRate = 24000, HopLength = 320 }.Save(_model);
        var codes = WriteFrames(1, 6, batched: false, channelsFirst: false);
        _tool.Succeed("encode", _model, _tool.File("frames.npy"), "-o", codes);

        // 75 frames a second of one bit a codebook: 0.25 kbit/s pay for three.
        _tool.Succeed("decode", _model, codes, "-o", _tool.File("decoded.npy"), "--bitrate", "0.25");
        var (frames, _) = Npy.ReadSingle(_tool.File("decoded.npy"));
        Assert.All(frames.Index(),
            value => Assert.Equal(ArithmeticModel.Decoded(ArithmeticModel.Number(0, value.Index / 4), value.Index % 4, 3), value.Item));
        _tool.Fail(2, "exclude each other", "decode", _model, codes, "-o", _tool.File("x.npy"), "--bitrate", "1", "--codebooks", "2");
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
        var rows = _tool.Output.Split('\n').Where(line => line.StartsWith('│') && line.Contains(" of ", StringComparison.Ordinal))
            .ToArray();
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

    private static void AssertAll(
        int batch, int count, int width, bool channelsFirst, Func<int, int, int, float> expected, Func<int, float> actual)
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
