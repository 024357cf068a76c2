using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class KMeansTests
{
    private const int Dimensions = 3;

    private static KMeansContext Context => new(1, 1, false, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Codes_AtTheEnd_AreThoseOfTheNearestCodewords(int iterations)
    {
        var frames = Frames(200);
        var run = Run(frames, frames[..(9 * Dimensions)], iterations);
        var error = 0.0;
        for (var row = 0; row < 200; row++)
        {
            var distances = Enumerable.Range(0, 9).Select(code => Distance(frames, row, run.Codewords, code)).ToArray();
            Assert.Equal(Array.IndexOf(distances, distances.Min()), run.Codes[row]);
            error += distances.Min() / 200;
        }

        Assert.Equal(error, run.Error, 1e-9);
    }

    [Fact]
    public void Codewords_AfterOneIteration_AreTheMeans()
    {
        var frames = Frames(200);
        var first = frames[..(9 * Dimensions)];
        var run = Run(frames, [.. first], 1);
        for (var code = 0; code < 9; code++)
        {
            var members = Enumerable.Range(0, 200)
                .Where(row => Enumerable.Range(0, 9).MinBy(other => Distance(frames, row, first, other)) == code).ToArray();
            Assert.Equal(members.Length, run.Counts[code]);
            for (var i = 0; i < Dimensions; i++)
            {
                Assert.Equal((float)members.Average(row => (double)frames[(row * Dimensions) + i]), run.Codewords[(code * Dimensions) + i]);
            }
        }
    }

    [Fact]
    public void Apply_EmptyClusters_TakeMembersOfThoseWithTheLargestErrors()
    {
        // Two codewords far away from all stay empty; the wide cluster around 100 and the narrower one around 0 are split, the exact one at
        // 50 is not.
        float[] rows = [90, 95, 105, 110, -1, 1, -2, 2, 50, 50];
        var shard = new Shard([.. rows], 1, 1);
        var run = new KMeans(shard, null, [100, 0, 50, 1e6f, 2e6f], new Schedule(5, 1, 5, false, 0), Context);
        run.Apply(run.Measure());
        Assert.Contains(run.Codewords[3], rows[..4]);
        Assert.Contains(run.Codewords[4], rows[4..8]);
    }

    [Fact]
    public void Sample_RowsInAnyOrder_KeepsTheSmallestKeysOnce()
    {
        var (one, other) = (new RowSample(3, 1), new RowSample(3, 1));
        foreach (var key in new ulong[] { 9, 4, 7, 4, 1, 8, 9 })
        {
            one.Add(key, [key]);
        }

        foreach (var key in new ulong[] { 5, 1, 30 })
        {
            other.Add(key, [key]);
        }

        Assert.Equal([1UL, 4, 7], one.Keys.ToArray());
        other.Add(one);
        Assert.Equal([1UL, 4, 5], other.Keys.ToArray());
        Assert.Equal([1f, 4, 5], other.Rows.ToArray());
    }

    private static KMeans Run(float[] frames, float[] first, int iterations)
    {
        var schedule = new Schedule(first.Length / Dimensions, Dimensions, iterations, IsCoarse: false, Rows: 0);
        var run = new KMeans(new Shard([.. frames], Dimensions, 1), null, first, schedule, Context);
        while (!run.IsFinished)
        {
            run.Apply(run.Measure());
        }

        return run;
    }

    private static double Distance(float[] rows, int row, float[] codewords, int code)
        => Enumerable.Range(0, Dimensions).Sum(i => Math.Pow((double)rows[(row * Dimensions) + i] - codewords[(code * Dimensions) + i], 2));

    private static float[] Frames(int count)
    {
        var random = new Random(8);
        return [.. Enumerable.Range(0, count * Dimensions).Select(_ => random.NextSingle())];
    }
}
