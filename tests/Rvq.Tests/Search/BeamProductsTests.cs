using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Beam search where scores come from common ancestors: deep stacks, bounds that are nearly attained, and models made to break them.</summary>
public class BeamProductsTests
{
    // RVQ_TORTURE=first,count tries as many models as are wanted.
    private static readonly int[] Seeds = Array.ConvertAll((Environment.GetEnvironmentVariable("RVQ_TORTURE") ?? "0,120").Split(','), int.Parse);

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_DeepStacks_EqualsOracle(string kernel, string kind)
    {
        // Codewords long enough that ancestors are worthwhile, sizes that fill no whole panel or group, an odd dimension, more width than a tile of scores.
        foreach (var (size, dimensions, stages, count, width) in new[] { (64, 32, 7, 6, 5), (100, 41, 6, 4, 3), (131, 48, 5, 3, 9), (66, 33, 3, 1, 60) })
        {
            var (model, frames) = TestVectors.CreateModel(kind, size, dimensions, stages, count, seed: size + width);
            AssertEqualsOracle(kernel, model, frames, width, $"{kind}, K = {size}, D = {dimensions}");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_ProductsBetweenSteps_EqualsOracle(string kernel)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var (model, frame) = HalfSteps(new Random(seed));
            AssertEqualsOracle(kernel, model, frame, 5, $"half steps, seed {seed}");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_TiesBetweenPartialStacks_EqualsOracle(string kernel)
    {
        // Every codebook holds the same lattice points: the same sum is reached by many stacks in any order of their codes.
        var random = new Random(9);
        var rows = new float[80 * 32];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = random.Next(-1, 2);
        }

        var model = new RvqModel(Enumerable.Range(0, 5).Select(_ => new Codebook(rows, 32)).ToArray());
        var frames = new float[6 * 32];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = random.Next(-3, 4) * 0.5f;
        }

        foreach (var width in new[] { 2, 5, 17 })
        {
            AssertEqualsOracle(kernel, model, frames, width, "lattice");
        }
    }

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_ScalesFarApart_EqualsOracle(string kernel)
    {
        foreach (var scales in new float[][] { [1e30f, 1, 1e-30f], [1e-30f, 1e-38f, 1e-44f], [1e19f, 1e17f, 1e18f], [3e38f, 1e38f, 1e30f], [1e-20f, 1e20f, 1e-20f], [1, 1e-9f, 1e-18f] })
        {
            var random = new Random(5);
            var model = new RvqModel(scales.Select(scale => new Codebook(Scaled(random, 70 * 32, scale), 32)).ToArray());
            foreach (var scale in scales)
            {
                AssertEqualsOracle(kernel, model, Scaled(random, 3 * 32, scale), 5, $"scales {string.Join(' ', scales)}, frames {scale}");
            }
        }
    }

    [Fact]
    public void Encode_TortureModels_EqualsOracle()
    {
        for (var seed = Seeds[0]; seed < Seeds[0] + Seeds[1]; seed++)
        {
            var (model, frames) = new TortureModels(seed).Create();
            if (model.Stages.ToArray().Any(stage => stage.InputProjection is not null || stage.OutputProjection is not null || stage.Stride > 1 || stage.Metric != SearchMetric.Euclidean))
            {
                continue;
            }

            var expected = BeamOracle.Encode(model, frames, 4);
            foreach (var kernel in TestKernels.Supported)
            {
                Assert.True(
                    expected.AsSpan().SequenceEqual(new Quantizer(model, new QuantizerOptions { BeamWidth = 4 }, kernel).Encode(frames)), $"seed {seed}, {kernel.Name}");
            }
        }
    }

    [Fact]
    public unsafe void CodewordProducts_AnyKind_AreWithinTheirErrorAndNearlyAttainIt()
    {
        foreach (var kind in TestVectors.Kinds)
        {
            foreach (var (size, dimensions) in new[] { (1, 1), (17, 5), (70, 33), (130, 64) })
            {
                var (first, _) = TestVectors.Create(kind, size + 3, dimensions, 1, seed: 1);
                var (second, _) = TestVectors.Create(kind, size, dimensions, 1, seed: 2);
                var (earlier, later) = (Table(first, dimensions), Table(second, dimensions));
                if (!CodewordProducts.Cover(earlier, later))
                {
                    continue;
                }

                var panels = later.FloatPanels;
                var center = panels.Center == null ? new float[dimensions] : new ReadOnlySpan<float>(panels.Center, dimensions).ToArray();
                var products = new CodewordProducts(earlier, later);
                for (var j = 0; j < size + 3; j++)
                {
                    double largest = 0;
                    for (var k = 0; k < size; k++)
                    {
                        double product = 0;
                        for (var i = 0; i < dimensions; i++)
                        {
                            product += (double)first[(j * dimensions) + i] * ((double)second[(k * dimensions) + i] - center[i]);
                        }

                        if (!later.IsRepeat(k))
                        {
                            largest = Math.Max(largest, Math.Abs(product - ((double)products.Scale(j) * products.Row(j)[k])));
                        }
                    }

                    var error = products.Error(j);
                    Assert.True(largest <= error, $"{kind}, K = {size}, D = {dimensions}, row {j}: {largest} is more than {error}");
                    Assert.True(error <= largest + (1e-4 * products.Growth) + 1e-25, $"{kind}, K = {size}, row {j}: {error} for an error of {largest}");
                }

                GC.KeepAlive(products);
            }
        }
    }

    [Fact]
    public void StackProducts_LargeOrManyCodebooks_StayWithinTheirMemory()
    {
        Assert.Equal(4, Products(1024, 128, 8).Depth);
        Assert.Equal(2, Products(1024, 128, 32).Depth);
        Assert.Equal(0, Products(8192, 32, 3).Depth);
        Assert.Empty(Products(64, 31, 3).Before(2));
        Assert.Empty(Products(63, 32, 3).Before(2));
        Assert.Equal(2, Products(64, 32, 3).Before(2).Length);
    }

    private static StackProducts Products(int size, int dimensions, int stages)
        => new([.. Enumerable.Repeat(new Stage(new Codebook(new float[size * dimensions], dimensions)), stages)]);

    /// <summary>
    /// The products of the first stage's codewords, which are nearly e₀, with the second's lie half way between two steps of eight bits; and those of the second
    /// all but tie, on a sphere around what is left of the frame.
    /// </summary>
    private static (RvqModel Model, float[] Frame) HalfSteps(Random random)
    {
        const int D = 32;
        const int K = 96;
        var first = new float[K * D];
        var second = new float[K * D];
        var frame = TestVectors.Normal(random, D);
        var left = (float[])frame.Clone();
        frame[0] += 1;
        for (var k = 0; k < K; k++)
        {
            var row = TestVectors.Normal(random, D);
            row[0] = 0;
            var at = random.Next(-12, 12) + 0.5f - left[0];
            var radius = 30 + (1e-3 * random.NextDouble());
            var rest = Math.Sqrt(((radius * radius) - (at * at)) / row.Sum(value => (double)value * value));
            for (var i = 0; i < D; i++)
            {
                second[(k * D) + i] = (float)(left[i] + (i == 0 ? at : rest * row[i]));
                first[(k * D) + i] = i == 0 ? 1 : (float)(1e-4 * random.NextDouble());
            }
        }

        Array.Clear(second, 0, D);
        second[0] = 127;
        return (new RvqModel(new Codebook(first, D), new Codebook(second, D)), frame);
    }

    private static float[] Scaled(Random random, int length, float scale)
        => Array.ConvertAll(TestVectors.Normal(random, length), value => (float)Math.Clamp(value * (double)scale, float.MinValue, float.MaxValue));

    private static SearchTable Table(float[] codewords, int dimensions) => new(new Codebook(codewords, dimensions), SearchMetric.Euclidean);

    private static void AssertEqualsOracle(string name, RvqModel model, float[] frames, int width, string what)
    {
        var kernel = Kernels.All.Single(candidate => candidate.Name == name);
        Assert.SkipUnless(kernel.IsSupported, $"{name} is not accelerated on this machine or by its settings.");
        var actual = new Quantizer(model, new QuantizerOptions { BeamWidth = width }, kernel).Encode(frames);
        var expected = BeamOracle.Encode(model, frames, width);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i] == actual[i], $"{name}, {what}, width {width}: code {i} is {actual[i]}, the oracle has {expected[i]}");
        }
    }
}
