using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class PrincipalAxesTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(20)]
    public void Find_CorrelatedFrames_GivesAxesAlongWhichTheyAreNot(int dimensions)
    {
        var random = new Random(dimensions);
        var mix = TestVectors.Normal(random, dimensions * dimensions);
        AssertAreNotCorrelated(dimensions, [.. Enumerable.Range(0, 500).SelectMany(_ =>
        {
            var source = TestVectors.Normal(random, dimensions);
            return Enumerable.Range(0, dimensions).Select(d => 3 + (float)Oracle.Dot(mix.AsSpan(d * dimensions, dimensions), source));
        })]);
    }

    [Fact]
    public void Find_FirstTwoDimensionsUncorrelated_GivesAxesAllTheSame()
        => AssertAreNotCorrelated(3, [.. Enumerable.Range(0, 8).SelectMany(corner =>
        {
            var (x, y, z) = (1 - (2f * (corner & 1)), 1f - (corner & 2), 1 - (0.5f * (corner & 4)));
            return new[] { x, y, (2 * y) + x + z };
        })]);

    private static void AssertAreNotCorrelated(int dimensions, float[] frames)
    {
        var axes = PrincipalAxes.Find(frames, dimensions, TestContext.Current.CancellationToken);
        var vectors = Enumerable.Range(0, dimensions)
            .Select(axis => Enumerable.Range(0, dimensions).Select(d => axes[(d * dimensions) + axis]).ToArray()).ToArray();
        var along = Array.ConvertAll(vectors, axis => Centered([.. frames.Chunk(dimensions).Select(frame => Oracle.Dot(frame, axis))]));
        for (var a = 0; a < dimensions; a++)
        {
            for (var b = 0; b < dimensions; b++)
            {
                Assert.Equal(a == b ? 1 : 0, Oracle.Dot(vectors[a], vectors[b]), 5);
                var covariance = along[a].Zip(along[b], (x, y) => x * y).Sum();
                var scale = Math.Sqrt(along[a].Sum(x => x * x) * along[b].Sum(x => x * x));
                Assert.Equal(a == b ? 1 : 0, covariance / scale, 4);
            }
        }

        static double[] Centered(double[] values)
        {
            var mean = values.Average();
            return Array.ConvertAll(values, value => value - mean);
        }
    }
}
