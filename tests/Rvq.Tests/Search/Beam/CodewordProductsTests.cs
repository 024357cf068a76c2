using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed unsafe class CodewordProductsTests
{
    [Fact]
    public void Error_AnyKind_CoversEveryProductAndIsNearlyAttained()
    {
        foreach (var kind in TestVectors.Kinds)
        {
            foreach (var (size, dimensions) in new[] { (1, 1), (17, 5), (70, 33), (130, 64) })
            {
                var (first, _) = TestVectors.Create(kind, size + 3, dimensions, 1, seed: 1);
                var (second, _) = TestVectors.Create(kind, size, dimensions, 1, seed: 2);
                var (earlier, later) = (Table(first, dimensions), Table(second, dimensions));
                if (!CodewordProducts.Cover(earlier, later))
                {
                    continue;
                }

                var panels = later.FloatPanels;
                var center = panels.Center == null ? new float[dimensions] : new ReadOnlySpan<float>(panels.Center, dimensions).ToArray();
                var products = new CodewordProducts(earlier, later);
                for (var j = 0; j < size + 3; j++)
                {
                    var largest = LargestError(products, j, first.AsSpan(j * dimensions, dimensions), later, center);
                    var error = products.Error(j);
                    Assert.True(largest <= error, $"{kind}, K = {size}, D = {dimensions}, row {j}: {largest} is more than {error}");
                    var tight = error <= largest + (1e-4 * products.Growth) + 1e-25;
                    Assert.True(tight, $"{kind}, K = {size}, row {j}: {error} for an error of {largest}");
                }

                GC.KeepAlive(products);
            }
        }
    }

    private static double LargestError(CodewordProducts products, int row, ReadOnlySpan<float> codeword, SearchTable later, float[] center)
    {
        double largest = 0;
        for (var k = 0; k < later.Size; k++)
        {
            double product = 0;
            for (var i = 0; i < codeword.Length; i++)
            {
                product += (double)codeword[i] * ((double)later.Row(k)[i] - center[i]);
            }

            if (!later.IsRepeat(k))
            {
                largest = Math.Max(largest, Math.Abs(product - ((double)products.Scale(row) * products.Row(row)[k])));
            }
        }

        return largest;
    }

    private static SearchTable Table(float[] codewords, int dimensions) => new(new Codebook(codewords, dimensions), SearchMetric.Euclidean);
}
