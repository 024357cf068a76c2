using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed class BeamLimitTests
{
    [Fact]
    public void Value_AnyWidth_IsTheNthSmallest()
    {
        var random = new Random(1);
        foreach (var wanted in new[] { 1, 2, 5, 12, 13, 40 })
        {
            var limit = new BeamLimit(40);
            foreach (var count in new[] { 0, 1, wanted - 1, wanted, wanted + 1, 3 * wanted })
            {
                var values = Enumerable.Range(0, count)
                    .Select(_ => random.Next(5) == 0 ? double.PositiveInfinity : random.Next(2 * wanted) - wanted).ToArray();
                limit.Reset(wanted);
                foreach (var value in values)
                {
                    limit.Add(value);
                }

                double[] smallest = [.. values.Order().Concat(Enumerable.Repeat(double.PositiveInfinity, wanted)).Take(wanted)];
                Assert.Equal(smallest[^1], limit.Value);
                Assert.Equal(smallest.Count(value => value < smallest[^1]), limit.CountBelow());
            }
        }
    }
}
