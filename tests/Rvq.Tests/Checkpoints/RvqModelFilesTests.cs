using Rvq.Tests.Reference;

namespace Rvq.Tests.Checkpoints;

public sealed class RvqModelFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq").FullName;

    public static TheoryData<string, string> Models => ReferenceModels.Rows;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public void Save_ReferenceModel_LoadsEqual(string name, string file)
        => AssertRoundTrip(RvqModel.Load(Path.Combine(TestData.Path($"reference/{name}"), file), new ReferenceCase(name).Options));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Save_StridedPrefix_KeepsItsBlocks(int codebooks)
        => AssertRoundTrip(RvqModel.Load(Path.Combine(TestData.Path("reference/snac-small"), "model.safetensors")).Take(codebooks));

    [Fact]
    public void Save_AllThatAModelCanHave_LoadsEqual()
    {
        var input = new Projection([0.5f, -1, 2, float.Epsilon, 1e30f, -0f], 3, [1, -2]);
        var output = new Projection([1, 2, 3, 4, 5, 6], 2);
        var inner = new Stage(
            new Codebook([1, 2, 3], 1), new Projection([1, 1], 2), new Projection([1, -1], 1, [3, 4]), SearchMetric.Cosine, 3);
        var plain = new Stage(new Codebook([1, 2, 3, 4], 2), stride: 2);
        AssertRoundTrip(
            new RvqModel(new ResidualStack([inner, plain], input, output), new ResidualStack([new Stage(new Codebook([1, 2, 3], 3))]))
            {
                Family = "Ünï \"codec\"",
                SampleRate = 44100,
                HopLength = 512,
            });
    }

    [Theory]
    [InlineData(SearchMetric.Euclidean)]
    [InlineData(SearchMetric.Cosine)]
    [InlineData(SearchMetric.InnerProduct)]
    [InlineData(SearchMetric.NormalizedEuclidean)]
    public void Save_AnyMetric_LoadsEqual(SearchMetric metric)
        => AssertRoundTrip(new RvqModel(new ResidualStack([new Stage(new Codebook([1, 2, 3, 4], 2), metric: metric)])));

    [Fact]
    public void Save_TwoPlainStacks_LoadsEqual()
        => AssertRoundTrip(new RvqModel(
            new ResidualStack([new Stage(new Codebook([1, 2, 3], 1))]), new ResidualStack([new Stage(new Codebook([4, 5], 1))])));

    [Fact]
    public void Save_PlainStack_HasTheNamesThatOthersRead()
    {
        var model = new RvqModel(new Codebook([1, 2, 3, 4], 2), new Codebook([5, 6], 2));
        model.Save(Path.Combine(_folder, "plain.safetensors"));
        var tensors = TensorBytes.FromSafetensors(Path.Combine(_folder, "plain.safetensors"));
        Assert.Equal(["quantizer.layers.0.codebook.embed", "quantizer.layers.1.codebook.embed"], tensors.Select(tensor => tensor.Name));
        Assert.Equal([2, 2], tensors[0].Shape);
        AssertRoundTrip(model);
        ModelAssert.SameBits([5, 6], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensors[1].Data));
    }

    [Fact]
    public void Save_OverAnExistingFile_ReplacesItAndLeavesNothingElse()
    {
        var path = Path.Combine(_folder, "model.safetensors");
        File.WriteAllText(path, "something else that is longer than the model");
        new RvqModel(new Codebook([1, 2], 2)).Save(path);
        Assert.Equal(2, RvqModel.Load(path).Dimensions);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Save_IntoAMissingFolder_ThrowsAndLeavesNothing()
    {
        Assert.ThrowsAny<IOException>(() => new RvqModel(new Codebook([1, 2], 2)).Save(Path.Combine(_folder, "none", "model.safetensors")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Load_BrokenFile_NamesIt()
    {
        var path = Path.Combine(_folder, "broken.safetensors");
        File.WriteAllText(path, "this is text");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => RvqModel.Load(Path.Combine(_folder, "none")));
        Assert.Throws<ArgumentException>(() => RvqModel.Load(""));
    }

    [Fact]
    public void Load_ConfigBesideTheFile_IsReadAndABrokenOneRefused()
    {
        var path = Path.Combine(_folder, "model.safetensors");
        File.WriteAllBytes(path, TensorBytes.Safetensors([TensorBytes.Random("quantizer.layers.0.codebook.embed", 4, 2)]));
        File.WriteAllText(Path.Combine(_folder, "config.json"), """{"sampling_rate": 24000, "upsampling_ratios": [8, 5, 4, 2]}""");
        Assert.Equal(75, RvqModel.Load(path).FrameRate);
        File.WriteAllText(Path.Combine(_folder, "config.json"), """{"sampling_rate": 24000""");
        Assert.Contains("config.json", Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message, StringComparison.Ordinal);
    }

    // EnCodec's own table: 24 kHz models have 75 frames/s and 10 bits a code, 48 kHz ones 150.
    [Theory]
    [InlineData(24000, 1.5, 2)]
    [InlineData(24000, 3, 4)]
    [InlineData(24000, 6, 8)]
    [InlineData(24000, 12, 16)]
    [InlineData(24000, 24, 32)]
    [InlineData(48000, 3, 2)]
    [InlineData(48000, 6, 4)]
    [InlineData(48000, 12, 8)]
    [InlineData(48000, 24, 16)]
    [InlineData(24000, 0.1, 1)]
    [InlineData(24000, 1.49, 1)]
    [InlineData(24000, 1000, 32)]
    public void CodebookCountForBitrate_EncodecsTargets_GivesItsCounts(int sampleRate, double kilobits, int expected)
        => Assert.Equal(expected, Uniform(1024, 32, sampleRate).CodebookCountForBitrate(kilobits));

    [Fact]
    public void CodebookCountForBitrate_ReferenceCase_AgreesWithTheCodec()
    {
        // case.json: {"0.45": 1, "0.9": 2, "1.8": 4} for K = 64 at 75 frames/s.
        var model = Uniform(64, 4, 24000);
        Assert.Equal(
            (1, 2, 4), (model.CodebookCountForBitrate(0.45), model.CodebookCountForBitrate(0.9), model.CodebookCountForBitrate(1.8)));
    }

    [Theory]
    [InlineData(2048, 32, 24000, 1920, 0.55, 4)]
    [InlineData(2048, 32, 24000, 1920, 1.1, 8)]
    [InlineData(2048, 32, 24000, 1920, 1.0999, 7)]
    [InlineData(2048, 32, 24000, 1920, 2.2, 16)]
    [InlineData(2048, 32, 24000, 1920, 4.4, 32)]
    [InlineData(1024, 9, 44100, 512, 7.8, 9)]
    [InlineData(1024, 9, 44100, 512, 1.72265625, 2)]
    [InlineData(1024, 9, 44100, 512, 1.7226, 1)]
    [InlineData(1024, 8, 16000, 300, 1.6, 3)]
    [InlineData(1024, 8, 16000, 300, 1e300, 8)]
    public void CodebookCountForBitrate_FractionalFrameRate_IsNotRounded(
        int size, int count, int sampleRate, int hop, double kilobits, int expected)
        => Assert.Equal(expected, Uniform(size, count, sampleRate, hop).CodebookCountForBitrate(kilobits));

    [Fact]
    public void CodebookCountForBitrate_Strides_CountTheirShareOfABlock()
    {
        // SNAC's 12 bits at 1/4, 1/2 and all of 50 frames a second: 150, 450 and 1050 bits a second.
        var codebook = new Codebook(new float[4096], 1);
        var model = new RvqModel(new ResidualStack([new Stage(codebook, stride: 4), new Stage(codebook, stride: 2), new Stage(codebook)]))
        {
            SampleRate = 24000,
            HopLength = 480,
        };
        Assert.Equal((1, 2, 2, 3), (model.CodebookCountForBitrate(0.15), model.CodebookCountForBitrate(0.45),
            model.CodebookCountForBitrate(1.04), model.CodebookCountForBitrate(1.05)));
    }

    [Fact]
    public void CodebookCountForBitrate_WithoutRateOrWithANonsense_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => new RvqModel(new Codebook([1], 1)).CodebookCountForBitrate(6));
        foreach (var kilobits in new[] { 0, -1, double.NaN })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Uniform(2, 1, 24000).CodebookCountForBitrate(kilobits));
        }
    }

    private static RvqModel Uniform(int size, int count, int sampleRate, int hop = 320)
    {
        var codebook = new Codebook(new float[size], 1);
        return new RvqModel([.. Enumerable.Repeat(codebook, count)]) { SampleRate = sampleRate, HopLength = hop };
    }

    private void AssertRoundTrip(RvqModel model)
    {
        var path = Path.Combine(_folder, "saved.safetensors");
        model.Save(path);
        ModelAssert.Equal(model, RvqModel.Load(path));
    }
}
