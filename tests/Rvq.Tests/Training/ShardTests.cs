using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class ShardTests
{
    [Fact]
    public void SortForParts_SeveralShards_GiveThePartsOfAll()
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 3000).Select(_ => new[] { random.Next(900), (float)random.NextDouble() }).ToArray();
        rows[5] = rows[2000];
        var (whole, one, other) = (Sorted(rows), Sorted(rows[..700]), Sorted(rows[700..]));
        foreach (var share in new[] { 1e-9, 0.1, 0.37, 0.9999, 1 })
        {
            var expected = Part(whole, share);
            Assert.Equal(expected.Order(), Part(one, share).Concat(Part(other, share)).Order());
            Assert.InRange(expected.Length, (share * 3000) - 150, (share * 3000) + 150);
        }

        Assert.Equal(rows.Select(row => (row[0], row[1])).Order(), Part(whole, 1).Order());
        for (var row = 0; row < whole.Count; row++)
        {
            Assert.Equal(RowHash.Of(whole[row]), whole.Hashes[row]);
        }
    }

    [Fact]
    public void Part_OtherSeed_IsAnother()
    {
        var rows = Enumerable.Range(0, 100).Select(row => new float[] { row, 0 }).ToArray();
        Assert.NotEqual(Part(Sorted(rows, 1), 0.5).Order(), Part(Sorted(rows, 2), 0.5).Order());
    }

    [Fact]
    public void Part_NoRows_IsNone() => Assert.Equal(0, Sorted([]).Part(0.5));

    private static Shard Sorted(float[][] rows, ulong seed = 7)
    {
        var shard = new Shard([.. rows.SelectMany(row => row)], 2, 1);
        shard.SortForParts(seed);
        return shard;
    }

    private static (float X, float Y)[] Part(Shard shard, double share)
        => [.. Enumerable.Range(0, shard.Part(share)).Select(row => (shard[row][0], shard[row][1]))];
}
