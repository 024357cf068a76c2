using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class CoarseViewTests
{
    private const int Dimensions = 5;

    [Fact]
    public void Find_CorrelatedFrames_GivesOrthonormalAxesWithoutCovariance()
    {
        var frames = Correlated();
        var axes = PrincipalAxes.Find(frames, Dimensions, TestContext.Current.CancellationToken);
        var covariance = Covariance(Rotate(frames, axes));
        for (var i = 0; i < Dimensions; i++)
        {
            for (var j = 0; j < Dimensions; j++)
            {
                var product = Enumerable.Range(0, Dimensions).Sum(k => (double)axes[k * Dimensions + i] * axes[k * Dimensions + j]);
                Assert.Equal(i == j ? 1 : 0, product, 5);
                if (i != j)
                {
                    Assert.Equal(0, covariance[i, j] / Math.Sqrt(covariance[i, i] * covariance[j, j]), 4);
                }
            }
        }
    }

    [Fact]
    public void Rows_FirstColumns_HoldTheMostVariance()
    {
        var frames = Correlated();
        var view =
            new CoarseView(frames, 4000, PrincipalAxes.Find(frames, Dimensions, TestContext.Current.CancellationToken), Dimensions, 1);
        view.SortAxes(frames);
        var covariance = Covariance(Rows(view, Dimensions));
        for (var i = 1; i < Dimensions; i++)
        {
            Assert.True(covariance[i, i] < covariance[i - 1, i - 1]);
        }

        Assert.Equal(Rows(view, Dimensions).Where((_, i) => i % Dimensions < 2), Rows(view, 2));
        Assert.Equal(Rows(view, 3), view.Codewords(frames, 3)); // the same map for both
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(19)]
    public void Codewords_AnyNumberOfThem_AreTheirProductsWithTheAxes(int dimensions)
    {
        // Small integers, so that sums are exact in any order.
        var random = new Random(dimensions);
        var axes = Enumerable.Range(0, dimensions * dimensions).Select(_ => (float)random.Next(-9, 10)).ToArray();
        for (var count = 1; count < 10; count++)
        {
            var rows = Enumerable.Range(0, count * dimensions).Select(_ => (float)random.Next(-9, 10)).ToArray();
            var expected = Enumerable.Range(0, rows.Length).Select(i => Enumerable.Range(0, dimensions)
                .Sum(k => rows[(i / dimensions * dimensions) + k] * axes[(k * dimensions) + (i % dimensions)]));
            Assert.Equal(expected, new CoarseView([], 0, axes, dimensions, 1).Codewords(rows, dimensions));
        }
    }

    // In two parts, the second of which starts in the middle.
    private static float[] Rows(CoarseView view, int width)
    {
        var (first, second) = (new float[1700 * width], new float[2300 * width]);
        view.CopyRows(0, 1700, width, first);
        view.CopyRows(1700, 2300, width, second);
        return [.. first, .. second];
    }

    private static float[] Correlated()
    {
        var random = new Random(1);
        var frames = new float[4000 * Dimensions];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = 3 + (i % Dimensions == 0 ? 0 : 0.8f * (frames[i - 1] - 3)) + random.NextSingle() + random.NextSingle() - 1;
        }

        return frames;
    }

    private static float[] Rotate(float[] frames, float[] axes)
        => [.. Enumerable.Range(0, frames.Length).Select(i => (float)Enumerable.Range(0, Dimensions)
            .Sum(k => (double)frames[i / Dimensions * Dimensions + k] * axes[k * Dimensions + i % Dimensions]))];

    private static double[,] Covariance(float[] frames)
    {
        var rows = frames.Chunk(Dimensions).ToArray();
        var means = Enumerable.Range(0, Dimensions).Select(i => rows.Average(row => (double)row[i])).ToArray();
        var covariance = new double[Dimensions, Dimensions];
        for (var i = 0; i < Dimensions; i++)
        {
            for (var j = 0; j < Dimensions; j++)
            {
                covariance[i, j] = rows.Average(row => (row[i] - means[i]) * (row[j] - means[j]));
            }
        }

        return covariance;
    }
}
