namespace Rvq.Tests.Search;

/// <summary>Every kernel on Google's Lyra v2, a SoundStream codec: its own codes and decoded vectors of real speech.</summary>
public sealed class LyraKernelTests
{
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void EncodeAndDecode_RealSpeech_GiveTheCodecsOwn(string name)
    {
        var kernel = TestKernels.Get(name);
        var model = RvqModel.Load(TestData.Path("lyra/codebooks.safetensors"));
        var (features, shape) = Npy.ReadSingle(TestData.Path("lyra/features_sample2.npy"));
        var codes = Array.ConvertAll(Npy.ReadInt64(TestData.Path("lyra/codes_sample2.npy")).Data, code => (int)code);
        Assert.Equal(codes, TestKernels.Quantizer(model, kernel).Encode(features));
        foreach (var count in new[] { 16, 30, 46 })
        {
            var prefix = codes.Chunk(46).SelectMany(frame => frame[..count]).ToArray();
            Assert.Equal(prefix, TestKernels.Quantizer(model.Take(count), kernel).Encode(features));
            var (expected, _) = Npy.ReadSingle(TestData.Path($"lyra/decoded_{count}_sample2.npy"));
            CodesAssert.SameBits(expected, TestKernels.Dequantizer(model.Take(count), kernel).Decode(prefix), $"{name}, {count} codebooks");
        }

        Assert.Equal([144, 64], shape);
    }
}
