using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed class ScratchPoolTests
{
    [Fact]
    public void Return_MoreThanProcessors_KeepsOneForEach()
    {
        var created = 0;
        var pool = new ScratchPool<object>(() => new object[] { created++ });
        var rented = Enumerable.Range(0, Environment.ProcessorCount + 5).Select(_ => pool.Rent()).ToArray();
        Array.ForEach(rented, pool.Return);
        Assert.Equal(rented.Length, created);
        var again = Enumerable.Range(0, rented.Length).Select(_ => pool.Rent()).ToArray();
        Assert.Equal(Environment.ProcessorCount, again.Count(rented.Contains));
        Assert.Equal(again.Length, again.Distinct().Count());
    }
}
