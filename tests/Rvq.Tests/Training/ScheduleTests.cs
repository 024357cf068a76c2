using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class ScheduleTests
{
    [Fact]
    public void Share_ManyRows_GrowsToAll()
    {
        var schedule = new Schedule(1024, 128, 10, IsCoarse: true, Rows: 1 << 20);
        double[] sixteenths = [.. Enumerable.Range(1, 11).Select(iteration => schedule.Share(iteration) * 16)];
        Assert.Equal([1, 1, 1, 1, 1, 4, 4, 4, 8, 16, 16], sixteenths);
        Assert.Equal([3, 6, 12, 26, 58, 128, 128, 128, 128, 128, 128], Enumerable.Range(1, 11).Select(schedule.Width));
    }

    [Fact]
    public void Share_WithoutACoarseView_StartsInAllDimensions()
    {
        var schedule = new Schedule(1024, 128, 4, IsCoarse: false, Rows: 1 << 20);
        Assert.Equal([4, 4, 8, 16, 16], Enumerable.Range(1, 5).Select(iteration => schedule.Share(iteration) * 16));
        Assert.All(Enumerable.Range(1, 5), iteration => Assert.Equal(128, schedule.Width(iteration)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(200)]
    public void Share_AnyIterations_NeverShrinks(int iterations)
    {
        var schedule = new Schedule(1024, 128, iterations, IsCoarse: true, Rows: 1 << 20);
        for (var iteration = 1; iteration <= iterations; iteration++)
        {
            Assert.True(schedule.Share(iteration) <= schedule.Share(iteration + 1));
            Assert.True(schedule.Width(iteration) <= schedule.Width(iteration + 1));
        }

        Assert.Equal(1, schedule.Share(iterations));
        Assert.Equal(128, schedule.Width(iterations));
    }

    [Theory]
    [InlineData(1, 16384, 1)] // a small codebook looks at as many rows as one of 256 codewords
    [InlineData(1, 32768, 0.5)]
    [InlineData(256, 32768, 0.5)]
    [InlineData(512, 32768, 1)]
    [InlineData(512, 0, 1)]
    public void Share_FewRows_IsAll(int size, long rows, double share)
        => Assert.Equal(share, new Schedule(size, 8, 10, IsCoarse: true, rows).Share(1));

    [Fact]
    public void Work_UpToAnIteration_AddsRowsTimesColumns()
    {
        var schedule = new Schedule(10, 8, 2, IsCoarse: false, Rows: 0);
        Assert.Equal(0, schedule.Work(0));
        Assert.Equal(3 * 10 * (8 + 16), schedule.Work(3), 9);
    }
}
