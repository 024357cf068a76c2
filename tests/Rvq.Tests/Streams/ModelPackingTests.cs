using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Packing with a model at hand: nobody counts bits.</summary>
public sealed class ModelPackingTests
{
    [Fact]
    public void PackAndUnpack_EveryStructure_AreThoseOfTheWidths()
    {
        foreach (var (model, name) in TestModels.All())
        {
            foreach (var blocks in new[] { 0, 1, 2, 7 })
            {
                var codes = new Quantizer(model).Encode(
                    TestVectors.Normal(new Random(blocks), blocks * model.FramesPerBlock * model.Dimensions));
                var expected = new byte[CodePacking.GetByteCount(blocks, model.BitsPerCode)];
                CodePacking.Pack<int>(codes, model.BitsPerCode, expected);
                var bytes = CodePacking.Pack(model, codes);
                Assert.Equal(expected, bytes);
                Assert.Equal(expected, CodePacking.Pack<long>(model, Array.ConvertAll(codes, code => (long)code)));
                Assert.Equal(codes, CodePacking.Unpack(model, [.. bytes, 255, 255], blocks * model.FramesPerBlock));
                Assert.True(bytes.Length == ((blocks * model.BitsPerBlock) + 7) / 8, name);
            }
        }
    }

    [Fact]
    public void Pack_ACodebookLeftOut_SaysWhatToDo()
    {
        var model = new RvqModel(new Codebook(new float[4], 1), new Codebook(new float[5], 1));
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodePacking.Pack<int>(model, [3, 4, 0, -1]), "-1 at block 1, codebook 1", "model.Take(n)", "RvqWriter");
        Refused.For<ArgumentOutOfRangeException>("codes", () => CodePacking.Pack<int>([3, -1], 2, new byte[1]), "-1 at 1", "model.Take(n)");
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodePacking.Pack<int>([3, -1], [2, 3], new byte[1]), "-1 at frame 0, codebook 1", "model.Take(n)");
        Assert.DoesNotContain(
            "Take",
            Assert.Throws<ArgumentOutOfRangeException>(() => CodePacking.Pack<int>(model, [3, -2])).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain(
            "Take",
            Assert.Throws<ArgumentOutOfRangeException>(() => CodePacking.Pack<uint>(model, [3, uint.MaxValue])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void PackAndUnpack_WrongArguments_AreRefusedWithBothNumbers()
    {
        var model = new RvqModel(new Codebook(new float[4], 1), new Codebook(new float[5], 1));
        Refused.For<ArgumentNullException>("model", () => CodePacking.Pack<int>(null!, [1]));
        Refused.For<ArgumentNullException>("model", () => CodePacking.Unpack(null!, [1], 1));
        Refused.For<ArgumentException>("codes", () => CodePacking.Pack<int>(model, [1, 2, 3]), "3", "2 codes of a block");
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodePacking.Pack<int>(model, [0, 5]), "5 at block 0, codebook 1", "5 codewords");
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodePacking.Pack<int>(model, [4, 0]), "4 at block 0, codebook 0", "4 codewords");
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => CodePacking.Unpack(model, [1], -1));
        Refused.For<ArgumentException>("bytes", () => CodePacking.Unpack(model, new byte[1], 2), "bytes has length 1", "2 frames take 2");
        Refused.For<ArgumentOutOfRangeException>(
            "frameCount", () => CodePacking.Unpack(model, new byte[1], int.MaxValue), $"{int.MaxValue} frames");
        var strided = new RvqModel(new ResidualStack([new Stage(new Codebook(new float[4], 1), stride: 2)]));
        Refused.For<ArgumentOutOfRangeException>(
            "frameCount", () => CodePacking.Unpack(strided, new byte[1], 3), "3", "2 frames per block");

        // Three bits hold codes up to 7, but the codebook has 5 codewords: 11100 is code 0 and code 7.
        var error = Assert.Throws<InvalidDataException>(() => CodePacking.Unpack(model, [0b11100], 1));
        Assert.Contains("block 0, codebook 1 is 7", error.Message, StringComparison.Ordinal);
    }
}
