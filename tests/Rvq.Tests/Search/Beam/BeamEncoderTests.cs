namespace Rvq.Tests.Search;

/// <summary>Beam search gives the oracle's codes on every kernel, and never a larger error than greedy search.</summary>
public class BeamEncoderTests
{
    private static readonly int[] Widths = [2, 3, 5, 10];

    private static readonly (int Size, int Dimensions, int Stages, int Count)[] Shapes =
        [(1, 1, 2, 3), (2, 3, 5, 9), (16, 24, 4, 20), (67, 17, 3, 11), (130, 33, 4, 7), (64, 128, 2, 7)];

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_AnyKind_EqualsOracle(string kernel, string kind)
    {
        foreach (var (size, dimensions, stages, count) in Shapes)
        {
            var (model, frames) = TestVectors.CreateModel(kind, size, dimensions, stages, count, seed: size);
            foreach (var width in Widths)
            {
                AssertEqualsOracle(kernel, model, frames, width, $"{kind}, K = {size}, D = {dimensions}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_WiderThanATileOfScores_EqualsOracle(string kernel)
    {
        foreach (var kind in new[] { "random", "lattice", "duplicates" })
        {
            var (model, frames) = TestVectors.CreateModel(kind, 70, 34, 4, 3, seed: 4);
            AssertEqualsOracle(kernel, model, frames, 60, kind);
            AssertEqualsOracle(kernel, model, frames, 131, kind);
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_SeveralStacksWithProjections_EqualsOracle(string kernel)
    {
        var random = new Random(6);
        var model = new RvqModel(
            TestModels.Projected(random, 21, 7, bias: false, 20),
            TestModels.Projected(random, 21, 10, bias: true, 31, 12, 40),
            new ResidualStack([Stage(random, 9, 21), Stage(random, 9, 21)]));
        var frames = TestVectors.Normal(random, 211 * 21);
        AssertEqualsOracle(kernel, model, frames, 4, "stacks");
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_EveryFrameCount_EqualsOracle(string kernel)
    {
        var (model, frames) = TestVectors.CreateModel("near-ties", 90, 9, 3, 43, seed: 3);
        var expected = Oracle.Encode(model, frames, 3);
        var quantizer = TestKernels.Quantizer(model, TestKernels.Get(kernel), 3);
        for (var count = 0; count <= 43; count++)
        {
            Assert.Equal(expected.AsSpan(0, count * 3).ToArray(), quantizer.Encode(frames.AsSpan(0, count * 9)));
        }
    }

    [Fact]
    public void Encode_WidthOne_IsGreedy()
    {
        var (model, frames) = TestVectors.CreateModel("clustered", 50, 12, 4, 60, seed: 8);
        Assert.Equal(Oracle.Encode(model, frames), new Quantizer(model, new QuantizerOptions { BeamWidth = 1 }).Encode(frames));
    }

    [Fact]
    public void Encode_AnyKind_HasNoLargerErrorThanGreedy()
    {
        var better = 0;
        foreach (var kind in TestVectors.Kinds)
        {
            var (model, frames) = TestVectors.CreateModel(kind, 40, 16, 5, 100, seed: 12);
            var codebooks = model.Stages.ToArray().Select(stage => stage.Codebook).ToArray();
            var greedy = new Quantizer(model).Encode(frames);
            foreach (var width in Widths)
            {
                var beam = new Quantizer(model, new QuantizerOptions { BeamWidth = width }).Encode(frames);
                for (var t = 0; t < 100; t++)
                {
                    var frame = frames.AsSpan(t * 16, 16).ToArray();
                    var e = Oracle.Error(codebooks, frame, beam.Skip(t * 5).Take(5));
                    var g = Oracle.Error(codebooks, frame, greedy.Skip(t * 5).Take(5));
                    Assert.True(e <= g, $"{kind}, width {width}, frame {t}: {e:R} is more than greedy's {g:R}");
                    better += e < g ? 1 : 0;
                }
            }
        }

        Assert.True(better > 1000, $"only {better} stacks are better than greedy's");
    }

    [Fact]
    public void Encode_SeveralThreads_GivesTheSameCodes()
    {
        var (model, frames) = TestVectors.CreateModel("near-ties", 100, 16, 4, 1700, seed: 2);
        var expected = new Quantizer(model, new QuantizerOptions { BeamWidth = 5 }).Encode(frames);
        Assert.Equal(expected, new Quantizer(model, new QuantizerOptions { BeamWidth = 5, MaxDegreeOfParallelism = 4 }).Encode(frames));
    }

    [Fact]
    public void Encode_Warm_AllocatesNothing()
    {
        var (model, frames) = TestVectors.CreateModel("clustered", 100, 40, 4, 300, seed: 2);
        var quantizer = new Quantizer(model, new QuantizerOptions { BeamWidth = 5 });
        var codes = new int[300 * 4];
        for (var i = 0; i < 3; i++)
        {
            quantizer.Encode(frames, codes.AsSpan());
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        quantizer.Encode(frames, codes.AsSpan());
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Constructor_StagesThatABeamCannotSearch_ThrowsWithTheReason()
    {
        var random = new Random(3);
        AssertRefused(new RvqModel(TestModels.Dac(random, 12, [4, 4], 9, [1, 1])), "stage 0 projects the residual by itself");
        var first = Stage(random, 9, 6);
        var projecting = new Stage(TestModels.Codebook(random, 9, 6), output: TestModels.Projection(random, 6, 6, false));
        AssertRefused(new RvqModel(new ResidualStack([first, projecting])), "stage 1 projects the residual by itself");
        AssertRefused(new RvqModel(new ResidualStack([first, Stage(random, 9, 6, stride: 2)])), "stage 1 has a stride of 2");
        AssertRefused(new RvqModel(new ResidualStack([first, Stage(random, 9, 6, SearchMetric.Cosine)])), "stage 1 is searched by cosine");
        AssertRefused(new RvqModel(new ResidualStack([Stage(random, 9, 6, SearchMetric.InnerProduct)])), "is searched by inner product");
        AssertRefused(new RvqModel(new ResidualStack([Stage(random, 9, 6, SearchMetric.NormalizedEuclidean)])), "normalises its residual");
    }

    private static void AssertRefused(RvqModel model, string reason)
    {
        var exception = Assert.Throws<NotSupportedException>(() => new Quantizer(model, new QuantizerOptions { BeamWidth = 2 }));
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        Assert.Equal(model, new Quantizer(model, new QuantizerOptions { BeamWidth = 1 }).Model);
    }

    private static void AssertEqualsOracle(string name, RvqModel model, float[] frames, int width, string what)
    {
        var codes = TestKernels.Quantizer(model, TestKernels.Get(name), width).Encode(frames);
        CodesAssert.Equal(Oracle.Encode(model, frames, width), codes, $"{name}, {what}, width {width}");
    }

    private static Stage Stage(Random random, int size, int dimensions, SearchMetric metric = SearchMetric.Euclidean, int stride = 1)
        => new(TestModels.Codebook(random, size, dimensions), metric: metric, stride: stride);
}
