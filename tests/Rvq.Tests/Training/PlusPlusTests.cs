using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class PlusPlusTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    public void Draw_FarClustersOfAnySize_TakesOneOfEach(ulong seed)
    {
        // Row 0 is alone, 999 rows are at the other places; within a place all rows are equal, so the second of one is never drawn.
        var rows = Enumerable.Range(0, 1000).Select(i => i == 0 ? 500f : i % 4 * 1000f).ToArray();
        var drawn = PlusPlus.Draw(rows, 1, 5, new SeededRandom(seed), 2, TestContext.Current.CancellationToken);
        Assert.Equal([0f, 500f, 1000f, 2000f, 3000f], drawn.Select(row => rows[row]).Order());
    }

    [Fact]
    public void Draw_FewerDistinctRowsThanDrawn_RepeatsSome()
    {
        var drawn = PlusPlus.Draw([1, 1, 2, 2], 1, 4, new SeededRandom(1), 1, TestContext.Current.CancellationToken);
        Assert.All(drawn, row => Assert.InRange(row, 0, 3));
        Assert.Equal(4, drawn.Length);
    }
}
