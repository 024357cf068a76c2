using Rvq.Streams;

namespace Rvq.Tests.Tool;

/// <summary>.rvq streams through the command.</summary>
public sealed class StreamTests : IDisposable
{
    private const int Count = 40;
    private readonly ToolRun _tool = new();
    private readonly string _model;
    private readonly string _frames;
    private readonly string _stream;

    public StreamTests()
    {
        (_model, _frames, _stream) = (_tool.File("model.safetensors"), _tool.File("frames.npy"), _tool.File("codes.rvq"));
        ArithmeticModel.Create().Save(_model);
        ArithmeticModel.Write(
            _frames, [Count, ArithmeticModel.Dimensions], index => ArithmeticModel.Frame(ArithmeticModel.Number(0, index[0]), index[1]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EncodeAndDecode_AsStream_GiveTheFramesBack(bool channelsFirst)
    {
        string[] layout = channelsFirst ? ["--channels-first"] : [];
        if (channelsFirst)
        {
            ArithmeticModel.Write(_frames, [ArithmeticModel.Dimensions, Count],
                index => ArithmeticModel.Frame(ArithmeticModel.Number(0, index[1]), index[0]));
        }

        _tool.Succeed(["encode", _model, _frames, "-o", _stream, .. layout]);
        using (var reader = RvqReader.Open(File.OpenRead(_stream)))
        {
            var codes = reader.ReadChunk()!.ToArray();
            Assert.Equal(Enumerable.Range(0, Count * 5).Select(i => ArithmeticModel.Code(ArithmeticModel.Number(0, i / 5), i % 5)), codes);
            Assert.Null(reader.ReadChunk());
            Assert.True(reader.IsComplete);
        }

        _tool.Succeed(["decode", _model, _stream, "-o", _tool.File("back.npy"), .. layout]);
        Assert.Equal(File.ReadAllBytes(_frames), File.ReadAllBytes(_tool.File("back.npy")));
    }

    [Fact]
    public void EncodeAndDecode_InAPipe_GiveTheFramesBack()
    {
        _tool.Succeed("encode", _model, _frames, "-o", _stream);
        _tool.Input = File.ReadAllBytes(_frames);
        _tool.Succeed("encode", _model, "-", "-o", "-", "--rvq");
        Assert.Equal(File.ReadAllBytes(_stream), _tool.Bytes);
        _tool.Input = _tool.Bytes;
        _tool.Succeed("decode", _model, "-", "-o", "-");
        Assert.Equal(File.ReadAllBytes(_frames), _tool.Bytes);
    }

    [Fact]
    public void Decode_FewerCodebooks_IsTheMiddleOfWhatIsLeft()
    {
        _tool.Succeed("encode", _model, _frames, "-o", _stream);
        _tool.Succeed("decode", _model, _stream, "-o", _tool.File("back.npy"), "--codebooks", "2");
        Assert.Equal(
            Enumerable.Range(0, Count * 4).Select(i => ArithmeticModel.Decoded(ArithmeticModel.Number(0, i / 4), i % 4, 2)),
            Npy.ReadSingle(_tool.File("back.npy")).Data);
        _tool.Fail(1, "5 codebooks, but 6", "decode", _model, _stream, "-o", _tool.File("back.npy"), "--codebooks", "6");
    }

    [Fact]
    public void Encode_Batch_IsRefused()
    {
        ArithmeticModel.Write(_frames, [2, 3, 4], _ => 0);
        _tool.Fail(1, "2 sequences", "encode", _model, _frames, "-o", _stream);
        Assert.False(File.Exists(_stream));
    }

    [Fact]
    public void Decode_StreamOfAnotherModel_IsRefusedUnlessInsisted()
    {
        _tool.Succeed("encode", _model, _frames, "-o", _stream);
        new RvqModel([.. Enumerable.Range(0, 5).Select(_ => new Codebook([0, 0, 0, 0, 1, 1, 1, 1], 4))]).Save(_model);
        _tool.Fail(1, "fingerprint", "decode", _model, _stream, "-o", _tool.File("back.npy"));
        _tool.Succeed("decode", _model, _stream, "-o", _tool.File("back.npy"), "--allow-other-model");
        var ones = Enumerable.Range(0, Count * 4)
            .Select(i => (float)System.Numerics.BitOperations.PopCount((uint)ArithmeticModel.Number(0, i / 4)));
        Assert.Equal(ones, Npy.ReadSingle(_tool.File("back.npy")).Data);
    }

    [Fact]
    public void Decode_DamagedStream_StopsOrSaysWhatIsLost()
    {
        var header = new RvqHeader(ArithmeticModel.Create());
        using (var writer = new RvqWriter(File.Create(_stream), header, framesPerChunk: 10))
        {
            writer.Write<int>(Enumerable.Range(0, Count * 5).Select(i => ArithmeticModel.Code(ArithmeticModel.Number(0, i / 5), i % 5))
                .ToArray());
            writer.Complete();
        }

        // The end mark has 16 bytes and a chunk of 10 frames and 5 codebooks 26 + 5 × 4 + 5 × 2: this hits the last byte of the third
        // chunk.
        var bytes = File.ReadAllBytes(_stream);
        bytes[^(16 + 56 + 1)] ^= 1;
        File.WriteAllBytes(_stream, bytes);

        _tool.Fail(1, _stream, "decode", _model, _stream, "-o", _tool.File("back.npy"));
        Assert.False(File.Exists(_tool.File("back.npy")));
        _tool.Fail(1, "10 frames", "inspect", _stream);
        Assert.Matches(@"frames +30", _tool.Output);

        _tool.Succeed("decode", _model, _stream, "-o", _tool.File("back.npy"), "--recover");
        Assert.Contains("10 frames", _tool.Error, StringComparison.Ordinal);

        // Time does not shift: the frames that are lost are zeros.
        Assert.Equal(
            Enumerable.Range(0, Count).SelectMany(t => Enumerable.Range(0, 4)
                .Select(d => t is < 20 or >= 30 ? ArithmeticModel.Frame(ArithmeticModel.Number(0, t), d) : 0)),
            Npy.ReadSingle(_tool.File("back.npy")).Data);
    }

    [Fact]
    public void Inspect_Stream_ShowsWhatItHolds()
    {
        _tool.Succeed("encode", _model, _frames, "-o", _stream);
        _tool.Succeed("inspect", _stream);
        Assert.Matches(@"codebooks +5 of 2 codewords", _tool.Output);
        Assert.Matches(@"frames +40", _tool.Output);
        Assert.Matches(@"complete +yes", _tool.Output);

        File.WriteAllBytes(_stream, File.ReadAllBytes(_stream)[..^1]);
        _tool.Fail(1, _stream, "inspect", _stream);
        Assert.Matches(@"complete +no", _tool.Output);
    }

    public void Dispose() => _tool.Dispose();
}
