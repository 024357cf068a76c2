using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Every kernel gives the oracle's frames, bit for bit, with tables of projected codewords and without.</summary>
public sealed class FrameDecoderTests
{
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Decode_EveryStructure_EqualsOracleBitForBit(string name)
    {
        var kernel = TestKernels.Get(name);
        foreach (var (model, structure) in TestModels.All())
        {
            var codes = Oracle.Encode(model, TestVectors.Normal(new Random(5), 50 * model.FramesPerBlock * model.Dimensions));
            var expected = Oracle.Decode(model, codes);
            CodesAssert.SameBits(expected, TestKernels.Dequantizer(model, kernel).Decode(codes), $"{name}, {structure}");
            CodesAssert.SameBits(expected, TestKernels.Dequantizer(model, kernel, 0).Decode(codes), $"{name}, {structure}, without tables");
        }
    }

    [Theory]
    [InlineData(Projector.MostSummedStages)]
    [InlineData(Projector.MostSummedStages + 1)]
    [InlineData(100_000)]
    public void Decode_ManyProjectedStages_EqualsOracleBitForBit(int stages)
    {
        var stage = TestModels.Dac(new Random(6), 8, [8], 3, [1]).Stages[0];
        var model = new RvqModel([new ResidualStack([.. Enumerable.Repeat(stage, stages)])]);
        var codes = Enumerable.Range(0, 5 * stages).Select(i => i * 7 % 11 % 3).ToArray();
        CodesAssert.SameBits(Oracle.Decode(model, codes), TestKernels.Dequantizer(model, TestKernels.Best, 0).Decode(codes), $"{stages}");
    }

    [Fact]
    public void Decode_TortureModels_EqualsOracleBitForBit() => DecodeEqualsOracle(models => models.Create(), 3);

    [Fact]
    public void Decode_WideProjections_EqualsOracleBitForBit() => DecodeEqualsOracle(models => models.CreateWide(), 20);

    private static void DecodeEqualsOracle(Func<TortureModels, (RvqModel Model, float[] Frames)> create, int step)
    {
        foreach (var seed in TortureModels.Seeds(300, step))
        {
            var (model, frames) = create(new TortureModels(seed));
            var codes = new Quantizer(model).Encode(frames);
            var expected = Oracle.Decode(model, codes);
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var mostTabulatedValues in new[] { 0, 4000, FrameDecoder.MostTabulatedValues })
                {
                    var actual = TestKernels.Dequantizer(model, kernel, mostTabulatedValues).Decode(codes);
                    CodesAssert.SameBits(expected, actual, $"seed {seed}, {kernel.Name}, {TortureModels.Describe(model)}");
                }
            }
        }
    }
}
