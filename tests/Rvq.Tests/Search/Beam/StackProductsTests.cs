using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed class StackProductsTests
{
    [Fact]
    public void Depth_LargeOrManyCodebooks_StaysWithinItsMemory()
    {
        Assert.Equal(4, Products(1024, 128, 8).Depth);
        Assert.Equal(2, Products(1024, 128, 32).Depth);
        Assert.Equal(0, Products(8192, 32, 3).Depth);
        Assert.Empty(Products(64, 31, 3).Before(2));
        Assert.Empty(Products(63, 32, 3).Before(2));
        Assert.Equal(2, Products(64, 32, 3).Before(2).Length);
    }

    private static StackProducts Products(int size, int dimensions, int stages)
        => new([.. Enumerable.Repeat(new Stage(new Codebook(new float[size * dimensions], dimensions)), stages)]);
}
