namespace Rvq.Tests.Reference;

/// <summary>
/// Google's Lyra v2, a SoundStream codec: its own codes and decoded vectors of real speech. The data is not copied into the tests.
/// </summary>
public sealed class LyraReferenceTests
{
    [Fact]
    public void Encode_RealSpeech_GivesTheCodecsCodes()
    {
        var model = Load();
        Assert.Equal(("Lyra", 50.0, 184), (model.Family, model.FrameRate, model.BitsPerFrame));
        var (features, _) = Npy.ReadSingle(TestData.Path("lyra/features_sample2.npy"));
        Assert.Equal(Codes(), new Quantizer(model).Encode(features));
    }

    [Theory]
    [InlineData(16, 3.2)]
    [InlineData(30, 6)]
    [InlineData(46, 9.2)]
    public void Decode_ItsBitrates_GiveTheCodecsVectorsBitForBit(int codebooks, double kilobits)
    {
        var model = Load();
        Assert.Equal(codebooks, model.CodebookCountForBitrate(kilobits));
        var codes = Codes().Chunk(model.CodebookCount).SelectMany(frame => frame[..codebooks]).ToArray();
        var (expected, _) = Npy.ReadSingle(TestData.Path($"lyra/decoded_{codebooks}_sample2.npy"));
        Checkpoints.ModelAssert.SameBits(expected, new Dequantizer(model.Take(codebooks)).Decode(codes));
    }

    private static RvqModel Load() => RvqModel.Load(TestData.Path("lyra/codebooks.safetensors"));

    private static int[] Codes() => Array.ConvertAll(Npy.ReadInt64(TestData.Path("lyra/codes_sample2.npy")).Data, code => (int)code);
}
