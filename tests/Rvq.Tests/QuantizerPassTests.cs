namespace Rvq.Tests;

/// <summary>More frames than the search works on at a time.</summary>
public sealed class QuantizerPassTests
{
    [Fact]
    public void Encode_StridedModelManyPasses_GivesTheCodesOfItsBlocksAlone()
    {
        var model = new RvqModel(TestModels.Dac(new Random(3), 5, [3, 3, 3], 20, [4, 2, 1]));
        var quantizer = new Quantizer(model);
        var frames = TestVectors.Normal(new Random(4), 4000 * model.Dimensions);
        var block = model.FramesPerBlock * model.Dimensions;
        Assert.Equal(frames.Chunk(block).SelectMany(alone => quantizer.Encode(alone)), quantizer.Encode(frames));
    }
}
