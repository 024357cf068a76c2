using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Every width gives the oracle's bits, in any batch, and touches nothing but what it documents.</summary>
public sealed unsafe class ProjectorTests
{
    private static readonly int[] Inputs = [1, 2, 7, 8, 9, 15, 16, 17, 24, 25, 31, 32, 33, 40, 63, 64, 65, 130];

    private static readonly int[] Outputs = [1, 7, 8, 9, 15, 16, 17, 24, 25, 32, 33, 40, 41, 48, 49, 64, 72];

    private static readonly int[] Counts = [1, 2, 3, 5, 6, 7, 13, 49];

    public static TheoryData<string> Names => new(Projectors().Select(projector => projector.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Project_AnySize_EqualsOracleAndStaysInside(string name)
    {
        var projector = Get(name);
        foreach (var inputs in Inputs)
        {
            foreach (var outputs in Outputs)
            {
                var count = Counts[(inputs + outputs) % Counts.Length];
                var projection = TestModels.Projection(new Random(inputs + outputs), inputs, outputs, outputs % 3 > 0);
                AssertEqualsOracle(projector, projection, count, TestVectors.Normal(new Random(inputs), count * inputs));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Project_EveryCount_EqualsOracleAndStaysInside(string name)
    {
        var projector = Get(name);
        foreach (var inputs in new[] { 8, 40 })
        {
            var projection = TestModels.Projection(new Random(inputs), inputs, 40, true);
            for (var count = 1; count <= 53; count++)
            {
                AssertEqualsOracle(projector, projection, count, TestVectors.Normal(new Random(count), count * inputs));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Project_ExtremeValues_EqualsOracle(string name)
    {
        // Subnormal weights, what only one rounding keeps, cancellation, zero and huge biases, and infinities and NaN on the way.
        var projector = Get(name);
        foreach (var seed in Enumerable.Range(0, 60))
        {
            var random = new Random(seed);
            int inputs = 1 + random.Next(70), outputs = 1 + random.Next(40), count = 1 + random.Next(9);
            var projection = new Projection(Values(inputs * outputs), inputs, random.Next(3) == 0 ? default : Values(outputs));
            var vectors = Values(count * inputs);
            if (random.Next(4) == 0)
            {
                ref var value = ref vectors[random.Next(vectors.Length)];
                value = random.Next(3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity };
            }

            AssertEqualsOracle(projector, projection, count, vectors);

            float[] Values(int length)
            {
                var (scale, spread) = (random.Next(5) switch { 0 => 1e-30, 1 => 1e30, 2 => 1e-44, _ => 1 }, random.Next(3) == 0 ? 8 : 0);
                double Power() => scale * Math.Pow(10, spread * ((2 * random.NextDouble()) - 1));
                return Array.ConvertAll(TestVectors.Normal(random, length), value => random.Next(20) switch
                {
                    0 => 0f,
                    1 => -0f,
                    2 => float.Epsilon,
                    3 => MathF.Round(value) * float.Epsilon,
                    _ => (float)Math.Clamp(value * Power(), float.MinValue, float.MaxValue),
                });
            }
        }
    }

    private static void AssertEqualsOracle((string Name, Projector Projector) projector, Projection projection, int count, float[] vectors)
    {
        var (table, inputs, outputs) = (projection.Table, projection.Inputs, Definition.PaddedLength(projection.Outputs));
        var sourceStride = Definition.PaddedLength(inputs);
        var before = TestVectors.Normal(new Random(count), count * outputs);
        foreach (var atEnd in GuardCases.Ends)
        {
            // Only the inputs are read, not what pads them: the last row ends with its last input.
            var padded = Enumerable.Range(0, count * sourceStride)
                .Select(i => i % sourceStride < inputs ? vectors[(i / sourceStride * inputs) + (i % sourceStride)] : float.NaN);
            using var source = new GuardedBuffer<float>([.. padded.Take(((count - 1) * sourceStride) + inputs)], atEnd);
            using var rows = new GuardedBuffer<nint>(((count - 1) * 3) + 1, atEnd);
            using var result = new GuardedBuffer<float>(count * outputs, atEnd);
            using var sum = new GuardedBuffer<float>(before, atEnd);
            for (var t = 0; t < count; t++)
            {
                rows.Span[t * 3] = (nint)(source.Pointer + (t * sourceStride));
            }

            projector.Projector.Project(table, outputs, source.Pointer, sourceStride, count, result.Pointer, outputs);
            projector.Projector.Project(table, outputs, (float**)rows.Pointer, 3, count, sum.Pointer, outputs, add: true);
            for (var t = 0; t < count; t++)
            {
                var expected = Oracle.Project(projection, vectors.AsSpan(t * inputs, inputs));
                for (var o = 0; o < outputs; o++)
                {
                    var what = $"{projector.Name}, {inputs} > {projection.Outputs}, {count} vectors, at {t}, {o}";
                    AssertSame(o < expected.Length ? expected[o] : 0, result.Span[(t * outputs) + o], what);
                    var added = o < expected.Length ? before[(t * outputs) + o] + expected[o] : 0;
                    AssertSame(added, sum.Span[(t * outputs) + o], "added, " + what);
                }
            }
        }
    }

    /// <summary>The same bits; which NaN it is, is no one's promise within a product.</summary>
    private static void AssertSame(float expected, float actual, string what)
    {
        var same = BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
        Assert.True(same || (float.IsNaN(expected) && float.IsNaN(actual)), $"{what}: {actual:R} is not {expected:R}");
    }

    /// <summary>All widths: they give the same bits whether accelerated or not.</summary>
    private static (string Name, Projector Projector)[] Projectors() =>
    [
        ("512", new LaneProjector<FloatLanes512>()),
        ("256", new LaneProjector<FloatLanes256>()),
        ("128", new LaneProjector<FloatLanes128>()),
        ("Scalar", new LaneProjector<FusedLanesScalar>()),
    ];

    private static (string Name, Projector Projector) Get(string name) => Projectors().Single(projector => projector.Name == name);
}
