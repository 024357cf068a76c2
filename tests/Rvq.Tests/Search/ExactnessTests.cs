namespace Rvq.Tests.Search;

/// <summary>Every kernel gives the oracle's codes, bit for bit, on every kind of input.</summary>
public class ExactnessTests
{
    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_AnyKind_EqualsOracle(string kernel, string kind)
    {
        foreach (var (size, dimensions, stages, count) in new[] { (1, 1, 2, 5), (5, 3, 3, 13), (16, 64, 4, 33), (67, 17, 3, 50), (200, 32, 4, 20), (256, 128, 2, 17), (70, 257, 2, 9) })
        {
            var (model, frames) = TestVectors.CreateModel(kind, size, dimensions, stages, count, seed: size);
            AssertEqualsOracle(kernel, model, frames, $"{kind}, K = {size}, D = {dimensions}");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_EverySizeUpTo67_EqualsOracle(string kernel)
    {
        for (var size = 1; size <= 67; size += 2)
        {
            var (model, frames) = TestVectors.CreateModel("lattice", size, 1 + (size * 5 % 67), 2, 7, seed: size);
            AssertEqualsOracle(kernel, model, frames, $"K = {size}");
        }

        for (var dimensions = 1; dimensions <= 67; dimensions += 2)
        {
            var (model, frames) = TestVectors.CreateModel("near-ties", 1 + (dimensions * 7 % 67), dimensions, 2, 7, seed: dimensions);
            AssertEqualsOracle(kernel, model, frames, $"D = {dimensions}");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_EveryFrameCount_EqualsOracle(string kernel)
    {
        var (model, frames) = TestVectors.CreateModel("near-ties", 130, 9, 3, 101, seed: 3);
        var expected = Oracle.Encode(model, frames);
        var quantizer = Create(kernel, model);
        for (var count = 0; count <= 101; count++)
        {
            Assert.Equal(expected.AsSpan(0, count * 3).ToArray(), quantizer.Encode(frames.AsSpan(0, count * 9)));
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_Projected_EqualsOracle(string kernel)
    {
        foreach (var (model, name) in TestModels.All())
        {
            var frames = TestVectors.Normal(new Random(9), 53 * model.FramesPerBlock * model.Dimensions);
            AssertEqualsOracle(kernel, model, frames, name);
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Decode_AnyModel_EqualsOracleBitForBit(string kernel)
    {
        foreach (var (model, name) in TestModels.All())
        {
            var codes = Oracle.Encode(model, TestVectors.Normal(new Random(5), 50 * model.FramesPerBlock * model.Dimensions));
            var expected = Oracle.Decode(model, codes);
            AssertSameBits(expected, new Dequantizer(model, TestKernels.Get(kernel)).Decode(codes), name);
            AssertSameBits(expected, new Dequantizer(model, TestKernels.Get(kernel), mostTabulatedValues: 0).Decode(codes), name + " without tables");
        }
    }

    private static void AssertSameBits(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]), $"{what}: {expected[i]:R} is {actual[i]:R} at {i}");
        }
    }

    private static void AssertEqualsOracle(string kernel, RvqModel model, float[] frames, string what)
    {
        var expected = Oracle.Encode(model, frames);
        foreach (var (how, actual) in TestKernels.Encode(model, TestKernels.Get(kernel), frames))
        {
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(expected[i] == actual[i], $"{kernel} {how}, {what}: code {i} is {actual[i]}, the oracle has {expected[i]}");
            }
        }
    }

    private static Quantizer Create(string kernel, RvqModel model) => TestKernels.Quantizer(model, TestKernels.Get(kernel));
}
