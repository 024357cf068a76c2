namespace Rvq.Tests.Reference;

/// <summary>SNAC's own codes: a ragged list of arrays, one per stage, that together are the codes of blocks.</summary>
public sealed class SnacReferenceTests
{
    private static readonly int[] Strides = [4, 2, 1];

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model-wn-old-names.safetensors")]
    public void Encode_ReferenceFrames_GivesTheCodecsCodes(string file)
    {
        var model = Load(file);
        var codes = new Quantizer(model).Encode(Vectors("frames.npy"));
        Assert.Equal(Blocks(), codes);
        for (var i = 0; i < Strides.Length; i++)
        {
            var (expected, _) = Npy.ReadInt64(Path.Combine(TestData.Path("reference/snac-small"), $"codes_{i}.npy"));
            var ragged = new int[expected.Length];
            model.CodesOf(i, codes).FlattenTo(ragged);
            Assert.Equal(expected, ragged.Select(code => (long)code));
        }
    }

    [Theory]
    [InlineData("model.safetensors", 1)]
    [InlineData("model.safetensors", 2)]
    [InlineData("model.safetensors", 3)]
    [InlineData("model-wn-old-names.safetensors", 3)]
    public void Decode_ReferenceCodes_GivesTheCodecsVectors(string file, int codebooks)
    {
        var model = Load(file);
        var kept = model.Take(codebooks);
        var codes = Blocks().Chunk(model.CodesPerBlock).SelectMany(block => block.Take(kept.CodesPerBlock)).ToArray();
        ReferenceCodesTests.AssertVectors(
            Vectors($"decoded_{codebooks}.npy"),
            new Dequantizer(kept).Decode(codes),
            model.Dimensions,
            bitForBit: false,
            $"decoded_{codebooks}.npy");
    }

    [Fact]
    public void Load_ConfigBesideTheFile_GivesStridesAndRates()
    {
        var model = Load("model.safetensors");
        Assert.Equal("SNAC", model.Family);
        Assert.Equal(Strides, model.Stages.ToArray().Select(stage => stage.Stride));
        Assert.Equal((24000, 512), (model.SampleRate, model.HopLength));
    }

    private static RvqModel Load(string file) => RvqModel.Load(Path.Combine(TestData.Path("reference/snac-small"), file));

    private static float[] Vectors(string file)
    {
        var (data, shape) = Npy.ReadSingle(Path.Combine(TestData.Path("reference/snac-small"), file));
        return ReferenceCase.Arrange(data, shape, "BDT", "BTD").Data;
    }

    /// <summary>The codes of all blocks of all batches, coarse to fine within a block.</summary>
    private static int[] Blocks()
    {
        var stages = Strides.Select(
            (_, i) => Npy.ReadInt64(Path.Combine(TestData.Path("reference/snac-small"), $"codes_{i}.npy"))).ToArray();
        var blocks = stages[0].Data.Length;
        return [.. Enumerable.Range(0, blocks).SelectMany(block => stages.SelectMany((stage, i) =>
            stage.Data.Skip(block * (Strides[0] / Strides[i])).Take(Strides[0] / Strides[i]).Select(code => (int)code)))];
    }
}
