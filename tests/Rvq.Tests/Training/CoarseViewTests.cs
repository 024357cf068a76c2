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
        var view = new CoarseView(frames, 4000, PrincipalAxes.Find(frames, Dimensions, TestContext.Current.CancellationToken), Dimensions, 1);
        view.SortAxes(frames);
        var covariance = Covariance(view.Rows(Dimensions));
        for (var i = 1; i < Dimensions; i++)
        {
            Assert.True(covariance[i, i] < covariance[i - 1, i - 1]);
        }

        Assert.Equal(view.Rows(Dimensions).Where((_, i) => i % Dimensions < 2), view.Rows(2));
        Assert.Equal(view.Rows(3), view.Codewords(frames, 3)); // the same map for both
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
