using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Beams whose scores come from common ancestors: deep stacks, bounds nearly attained, and models made to break them.</summary>
public class BeamProductsTests
{
    // Codewords long enough that ancestors are worthwhile, sizes that fill no whole panel or group, an odd dimension, and more width than a
    // tile of scores.
    private static readonly (int Size, int Dimensions, int Stages, int Count, int Width)[] Shapes =
        [(64, 32, 7, 6, 5), (100, 41, 6, 4, 3), (131, 48, 5, 3, 9), (66, 33, 3, 1, 60)];

    private static readonly float[][] Scales =
    [
        [1e30f, 1, 1e-30f], [1e-30f, 1e-38f, 1e-44f], [1e19f, 1e17f, 1e18f],
        [3e38f, 1e38f, 1e30f], [1e-20f, 1e20f, 1e-20f], [1, 1e-9f, 1e-18f],
    ];

    [Theory]
    [MemberData(nameof(TestKernels.NamesAndKinds), MemberType = typeof(TestKernels))]
    public void Encode_DeepStacks_EqualsOracle(string kernel, string kind)
    {
        foreach (var (size, dimensions, stages, count, width) in Shapes)
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
        foreach (var scales in Scales)
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
        foreach (var seed in TortureModels.Seeds(120, 1))
        {
            var (model, frames) = new TortureModels(seed).Create();
            if (BeamEncoder.WhyNot(model) is not null)
            {
                continue;
            }

            var expected = Oracle.Encode(model, frames, 4);
            foreach (var kernel in TestKernels.Supported)
            {
                CodesAssert.Equal(expected, TestKernels.Quantizer(model, kernel, 4).Encode(frames), $"seed {seed}, {kernel.Name}");
            }
        }
    }

    /// <summary>
    /// The products of the first stage's codewords, which are nearly e₀, with the second's lie half way between two steps of eight bits;
    /// and those of the second all but tie, on a sphere around what is left of the frame.
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
    {
        var values = TestVectors.Normal(random, length);
        return Array.ConvertAll(values, value => (float)Math.Clamp(value * (double)scale, float.MinValue, float.MaxValue));
    }

    private static void AssertEqualsOracle(string name, RvqModel model, float[] frames, int width, string what)
    {
        var codes = TestKernels.Quantizer(model, TestKernels.Get(name), width).Encode(frames);
        CodesAssert.Equal(Oracle.Encode(model, frames, width), codes, $"{name}, {what}, width {width}");
    }
}
