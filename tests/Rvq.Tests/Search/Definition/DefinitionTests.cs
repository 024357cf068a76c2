using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The definition at every width gives the oracle's bits, and stays between guard pages.</summary>
public sealed unsafe class DefinitionTests
{
    [Fact]
    public void DotAndNearest_LanesScalar_EqualOracle() => EqualOracle<DoubleLanesScalar>();

    [Fact]
    public void DotAndNearest_Lanes128_EqualOracle() => EqualOracle<DoubleLanes128>();

    [Fact]
    public void DotAndNearest_Lanes256_EqualOracle() => EqualOracle<DoubleLanes256>();

    [Fact]
    public void DotAndNearest_Lanes512_EqualOracle() => EqualOracle<DoubleLanes512>();

    private static void EqualOracle<T>()
        where T : struct, IDoubleLanes<T>
    {
        foreach (var (atEnd, padded) in GuardCases.Rows())
        {
            foreach (var size in GuardCases.Sizes)
            {
                var random = new Random(size + padded);
                using var vector = new GuardedBuffer<float>(TestVectors.Normal(random, padded), atEnd);
                using var rows = new GuardedBuffer<float>(TestVectors.Normal(random, size * padded), atEnd);
                using var halfNorms = new GuardedBuffer<double>(size, atEnd);
                var scores = new double[size];
                for (var k = 0; k < size; k++)
                {
                    var row = rows.Span.Slice(k * padded, padded);
                    halfNorms.Span[k] = 0.5 * Oracle.Dot(row, row);
                    scores[k] = halfNorms.Span[k] - Oracle.Dot(vector.Span, row);
                    Assert.Equal(Oracle.Dot(vector.Span, row), Definition.Dot<T>(vector.Pointer, rows.Pointer + (k * padded), padded));
                }

                var nearest = Definition.Nearest<T>(vector.Pointer, rows.Pointer, halfNorms.Pointer, padded, null, size);
                Assert.Equal(Array.IndexOf(scores, scores.Min()), nearest);

                int[] odd = [.. Enumerable.Range(0, size).Where(k => k % 2 == (size + 1) % 2)];
                using var candidates = new GuardedBuffer<int>(odd, atEnd);
                nearest = Definition.Nearest<T>(vector.Pointer, rows.Pointer, halfNorms.Pointer, padded, candidates.Pointer, odd.Length);
                Assert.Equal(odd.MinBy(k => scores[k]), nearest);
            }
        }
    }
}
