using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The k best stacks of codes of a frame: the beam's, by the beam's definition.</summary>
public sealed class BestEncoderTests
{
    [Fact]
    public void EncodeBest_TheReport_GivesAllSixInOrder()
    {
        // Sums 0 ± …: −1, 1, 3, 9, 11, 13 against 0.9.
        var model = new RvqModel(new Codebook([0f, 10], 1), new Codebook([-1f, 1, 3], 1));
        var (codes, errors) = (new int[12], new float[6]);
        new Quantizer(model).EncodeBest<int>([0.9f], 6, codes, errors);
        Assert.Equal([0, 1, 0, 0, 0, 2, 1, 0, 1, 1, 1, 2], codes);
        float[] expected = [0.01f, 3.61f, 4.41f, 65.61f, 102.01f, 146.41f];
        Assert.All(Enumerable.Range(0, 6), i => Assert.Equal(expected[i], errors[i], expected[i] * 1e-5f));
    }

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void EncodeBest_AnyKind_EqualsOracle(string kernel, string kind)
    {
        var used = TestKernels.Get(kernel);
        foreach (var (size, dimensions, stages, frameCount) in new[] { (2, 3, 5, 9), (16, 24, 4, 20), (67, 17, 3, 11) })
        {
            var (model, frames) = TestVectors.CreateModel(kind, size, dimensions, stages, frameCount, seed: size);
            var sizes = model.Stages.ToArray().Select(stage => stage.SearchTable.DistinctSize);
            var possible = sizes.Aggregate(1L, (product, distinct) => Math.Min(product * distinct, 1000));
            foreach (var (count, width) in new[] { (1, 1), (1, 4), (2, 1), (3, 5), (7, 2) })
            {
                if (count <= possible)
                {
                    AssertEqualsOracle(used, model, frames, count, width);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void EncodeBest_SeveralStacks_AddTheirErrors(string name)
    {
        var kernel = TestKernels.Get(name);
        var random = new Random(6);
        var model = new RvqModel(
            TestModels.Projected(random, 21, 7, bias: false, 20),
            TestModels.Projected(random, 21, 10, bias: true, 31, 12),
            new ResidualStack([new Stage(TestModels.Codebook(random, 3, 21))]));
        var frames = TestVectors.Normal(random, 211 * 21);
        foreach (var (count, width) in new[] { (1, 1), (1, 3), (2, 1), (5, 2), (40, 1) })
        {
            AssertEqualsOracle(kernel, model, frames, count, width);
        }
    }

    [Fact]
    public void EncodeBest_FirstOfTheBeam_IsWhatEncodeGives()
    {
        var (model, frames) = TestVectors.CreateModel("clustered", 50, 12, 4, 300, seed: 8);
        foreach (var (width, count) in new[] { (1, 1), (5, 1), (5, 5), (8, 3) })
        {
            foreach (var threads in new[] { 1, 4 })
            {
                var quantizer = new Quantizer(model, new QuantizerOptions { BeamWidth = width, MaxDegreeOfParallelism = threads });
                var (codes, errors) = (new ushort[300 * count * 4], new float[300 * count]);
                quantizer.EncodeBest<ushort>(frames, count, codes, errors);
                Assert.Equal(quantizer.Encode(frames), codes.Chunk(count * 4).SelectMany(best => best[..4]).Select(code => (int)code));
                Assert.All(errors.Chunk(count), own => Assert.Equal(own.Order(), own));
            }
        }
    }

    [Fact]
    public void EncodeBest_NoBeamPossible_GivesTheGreedyStackAndItsDistance()
    {
        foreach (var (model, _) in TestModels.All().Where(pair => BeamEncoder.WhyNot(pair.Model) is not null))
        {
            var frames = TestVectors.Normal(new Random(3), 100 * model.FramesPerBlock * model.Dimensions);
            var quantizer = new Quantizer(model);
            var expected = quantizer.Encode(frames);
            var (codes, errors) = (new int[expected.Length], new float[100]);
            quantizer.EncodeBest<int>(frames, 1, codes, errors);
            Assert.Equal(expected, codes);
            var decoded = new Dequantizer(model).Decode(codes);
            var perBlock = model.FramesPerBlock * model.Dimensions;
            for (var block = 0; block < 100; block++)
            {
                var own = Enumerable.Range(block * perBlock, perBlock);
                var distance = own.Sum(i => ((double)frames[i] - decoded[i]) * ((double)frames[i] - decoded[i]));
                Assert.Equal(distance, errors[block], distance * 1e-6);
            }

            var error = Assert.Throws<NotSupportedException>(
                () => quantizer.EncodeBest<int>(frames, 2, new int[2 * expected.Length], new float[200]));
            Assert.Contains("count is 2", error.Message, StringComparison.Ordinal);
            Assert.Contains("stage ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EncodeBest_WrongArguments_AreRefusedAndNothingIsWritten()
    {
        // The third codeword repeats the first: 2 × 2 distinct stacks.
        var model = new RvqModel(new Codebook([0f, 10, 0], 1), new Codebook([-1f, 1], 1));
        var quantizer = new Quantizer(model);
        var (codes, errors) = (new int[16], new float[8]);
        Array.Fill(codes, -7);
        Array.Fill(errors, -7);
        Refused.For<ArgumentOutOfRangeException>("count", () => quantizer.EncodeBest<int>([1, 2], 0, codes, errors));
        Refused.For<ArgumentOutOfRangeException>(
            "count", () => quantizer.EncodeBest<int>([1, 2], 5, codes, errors), "count is 5", "only 4 distinct");
        Refused.For<ArgumentException>(
            "codes", () => quantizer.EncodeBest<int>([1, 2], 4, codes.AsSpan(1), errors), "15", "8 stacks of 2 codes need 16");
        Refused.For<ArgumentException>(
            "errors", () => quantizer.EncodeBest<int>([1, 2], 4, codes, errors.AsSpan(1)), "7", "8 stacks need 8");
        Refused.For<ArgumentException>("frames", () => quantizer.EncodeBest<int>([1, float.NaN], 4, codes, errors), "frame 1");
        var shared = new float[24];
        Refused.For<ArgumentException>("errors", () => quantizer.EncodeBest<int>(shared.AsSpan(0, 2), 4, codes, shared.AsSpan(1, 8)));
        Assert.All(codes, code => Assert.Equal(-7, code));
        Assert.All(errors, error => Assert.Equal(-7, error));
        quantizer.EncodeBest<int>([1, 2], 4, codes, errors);
        Assert.Equal([0, 1, 0, 0, 1, 0, 1, 1], codes[..8]);
    }

    private static void AssertEqualsOracle(Kernel kernel, RvqModel model, float[] frames, int count, int width)
    {
        var frameCount = frames.Length / model.Dimensions;
        var (codes, errors) = (new int[frameCount * count * model.CodebookCount], new float[frameCount * count]);
        TestKernels.Quantizer(model, kernel, width).EncodeBest<int>(frames, count, codes, errors);
        var (expectedCodes, expectedErrors) = Oracle.EncodeBest(model, frames, count, width);
        CodesAssert.Equal(expectedCodes, codes, $"{kernel.Name}, the best {count}, width {width}");
        Assert.Equal(expectedErrors, errors);
    }
}
