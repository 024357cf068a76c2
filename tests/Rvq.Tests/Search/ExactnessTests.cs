namespace Rvq.Tests.Search;

/// <summary>Every kernel gives the oracle's codes, bit for bit, on every kind of input.</summary>
public class ExactnessTests
{
    private static readonly (int Size, int Dimensions, int Stages, int Count)[] Shapes =
        [(1, 1, 2, 5), (5, 3, 3, 13), (16, 64, 4, 33), (67, 17, 3, 50), (200, 32, 4, 20), (256, 128, 2, 17), (70, 257, 2, 9)];

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_AnyKind_EqualsOracle(string kernel, string kind)
    {
        foreach (var (size, dimensions, stages, count) in Shapes)
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
        var quantizer = TestKernels.Quantizer(model, TestKernels.Get(kernel));
        for (var count = 0; count <= 101; count++)
        {
            Assert.Equal(expected.AsSpan(0, count * 3).ToArray(), quantizer.Encode(frames.AsSpan(0, count * 9)));
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_EveryStructure_EqualsOracle(string kernel)
    {
        foreach (var (model, name) in TestModels.All())
        {
            var frames = TestVectors.Normal(new Random(9), 53 * model.FramesPerBlock * model.Dimensions);
            AssertEqualsOracle(kernel, model, frames, name);
        }
    }

    private static void AssertEqualsOracle(string kernel, RvqModel model, float[] frames, string what)
    {
        var expected = Oracle.Encode(model, frames);
        foreach (var (how, actual) in TestKernels.Encode(model, TestKernels.Get(kernel), frames))
        {
            CodesAssert.Equal(expected, actual, $"{kernel} {how}, {what}");
        }
    }
}
