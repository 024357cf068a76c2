namespace Rvq.Tests.Tool;

/// <summary>The command on the codebooks, features, codes and decoded vectors of Google's Lyra v2.</summary>
public sealed class LyraTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Fact]
    public void Encode_Features_GivesTheCodecsOwnCodes()
    {
        var codes = _tool.File("codes.npy");
        _tool.Succeed("encode", TestData.Path("lyra/codebooks.safetensors"), TestData.Path("lyra/features_sample2.npy"), "-o", codes);
        var (expected, shape) = Npy.ReadInt64(TestData.Path("lyra/codes_sample2.npy"));
        Assert.Equal(shape, Npy.ReadInt64(codes).Shape);
        Assert.Equal(expected, Npy.ReadInt64(codes).Data);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(30)]
    [InlineData(46)]
    public void Decode_Codes_GivesTheCodecsOwnVectorsBitForBit(int codebooks)
    {
        var frames = _tool.File("frames.npy");
        _tool.Succeed(
            "decode", TestData.Path("lyra/codebooks.safetensors"), TestData.Path("lyra/codes_sample2.npy"), "-o", frames, "--codebooks",
            $"{codebooks}");
        var expected = Npy.ReadSingle(TestData.Path($"lyra/decoded_{codebooks}_sample2.npy"));
        var actual = Npy.ReadSingle(frames);
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Data.Select(BitConverter.SingleToInt32Bits), actual.Data.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Inspect_Codebooks_ShowsAllOfThem()
    {
        _tool.Succeed("inspect", TestData.Path("lyra/codebooks.safetensors"));
        Assert.Contains("0–45", _tool.Output, StringComparison.Ordinal);
        Assert.Contains("184", _tool.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _tool.Dispose();
}
