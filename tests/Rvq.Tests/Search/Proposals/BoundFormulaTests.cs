using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>
/// The margins are those of BOUNDS.md, on codebooks that let each term in turn be the largest: data seldom reaches a bound, and would not
/// notice one that is too small.
/// </summary>
public sealed unsafe class BoundFormulaTests
{
    private const double U = 1.0 / (1 << 24);
    private const double D = 1.0 / (1L << 53);

    private static readonly string[] Kinds =
        ["random", "offset-10", "offset-1e6", "scale-1e-20", "scale-1e-30", "denormal", "one-huge-codeword", "zeros"];

    private static readonly (int Size, int Dimensions)[] Shapes = [(5, 1), (67, 16), (40, 67), (20, 1025)];

    private static readonly ByteLosses[] Losses = [new(3, 0.2, 0.9f, 0.5), new(0, 0, 0, 0), new(200, 7, 1e-3f, 1e-20), new(1, 1, 1, 0)];

    private static readonly (float Peak, float SquaredNorm, float SquaredError)[] Residuals =
        [(1, 10, 0.01f), (0, 0, 0), (1e-11f, 1e-20f, 1e-24f), (1e4f, 1e9f, 1e5f)];

    [Fact]
    public void Margin_AnyCodebook_IsB1()
    {
        foreach (var norms in Codebooks())
        {
            var bound = new ErrorBound(norms.Table, new Centering(norms.Table));
            foreach (var squaredNorm in new[] { 0, 1e-30f, 1e-6f, 1, 1e4f })
            {
                var n = norms.Table.Dimensions;
                var residual = (Math.Sqrt(squaredNorm) * 1.001) + (Math.Pow(2, -74) * Math.Sqrt(n));
                var error = (1.02 * (n + 6) * U * (norms.H + (residual * norms.C)))
                    + (Math.Pow(2, -148) * (n + 2 + (Math.Sqrt(n) * residual))) + norms.Definition(residual);
                AssertIs(2 * error, bound.Margin(squaredNorm), $"{norms.What}, ‖r‖² = {squaredNorm}");
                AssertIs(norms.Definition(residual), bound.DefinitionError(residual), $"{norms.What}, the definition's part");
            }
        }
    }

    [Fact]
    public void For_AnyCodebookAndLosses_IsB2()
    {
        foreach (var norms in Codebooks())
        {
            foreach (var losses in Losses)
            {
                var bound = new ByteErrorBound(norms.Table, new Centering(norms.Table), losses);
                foreach (var (peak, squaredNorm, squaredError) in Residuals)
                {
                    var (n, residual) = (norms.Table.Dimensions, Math.Sqrt(squaredNorm) * 1.001);
                    var lost = (Math.Sqrt(squaredError) * 1.001) + (4 * U * Math.Sqrt(n) * peak);
                    var spread = (lost * losses.Norm) + ((residual + lost) * losses.Error);
                    var reach = norms.C + (losses.Error * losses.LargestWeight);
                    var magnitude = norms.H + (spread * losses.LargestWeight) + ((residual + lost) * reach);
                    var error = (10 * U * magnitude) + (residual * losses.Rest) + (Math.Pow(2, -135) * n) + norms.Definition(residual);
                    var (actualSpread, margin) = bound.For(peak, squaredNorm, squaredError);
                    AssertIs(spread, actualSpread, $"{norms.What}, {losses}, peak {peak}, A");
                    AssertIs(2 * error, margin, $"{norms.What}, {losses}, peak {peak}, 2F");
                }
            }
        }
    }

    [Fact]
    public void For_PeaksOutOfRange_IsInfinite()
    {
        var norms = Codebooks().First();
        var bound = new ByteErrorBound(norms.Table, new Centering(norms.Table), new(3, 0.2, 0.9f, 0.5));
        var (least, most) = (MathF.Pow(2, -40), MathF.Pow(2, 60));
        foreach (var peak in new[] { MathF.BitDecrement(least), MathF.BitIncrement(most), float.PositiveInfinity, float.NaN })
        {
            Assert.Equal((0f, double.PositiveInfinity), bound.For(peak, 1, 1));
        }

        Assert.True(double.IsFinite(bound.For(least, 1, 1).Margin) && double.IsFinite(bound.For(most, 1, 1).Margin));
        Assert.Equal((0f, double.PositiveInfinity), bound.For(1, float.PositiveInfinity, 1));
        Assert.Equal((0f, double.PositiveInfinity), bound.For(1, float.NaN, 1));
    }

    /// <summary>No smaller, and larger by no more than what the norms that go into it are rounded up by.</summary>
    private static void AssertIs(double expected, double actual, string what)
    {
        var tight = actual >= expected * (1 - 1e-6) && actual <= expected * 1.03;
        Assert.True(tight, $"{what}: {actual} is not {expected}");
    }

    private static IEnumerable<Norms> Codebooks()
        => from kind in Kinds from shape in Shapes select new Norms(kind, shape.Size, shape.Dimensions);

    /// <summary>H, C, C₀ and ‖μ‖ of a codebook, by plain sums.</summary>
    private sealed class Norms
    {
        private readonly double _raw;
        private readonly double _center;

        public Norms(string kind, int size, int dimensions)
        {
            What = $"{kind}, {size} × {dimensions}";
            var (codewords, _) = TestVectors.Create(kind, size, dimensions, 1, size);
            Table = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean);
            var centering = new Centering(Table);
            var center = new ReadOnlySpan<float>(centering.Center, dimensions).ToArray();
            GC.KeepAlive(centering);
            _center = Math.Sqrt(center.Sum(value => (double)value * value));
            foreach (var row in codewords.Chunk(dimensions))
            {
                var square = row.Zip(center, (c, m) => ((double)c - m) * ((double)c - m)).Sum();
                (C, H) = (Math.Max(C, Math.Sqrt(square)), Math.Max(H, 0.5 * square));
                _raw = Math.Max(_raw, Math.Sqrt(row.Sum(value => (double)value * value)));
            }
        }

        public string What { get; }

        public SearchTable Table { get; }

        public double C { get; }

        public double H { get; }

        /// <summary>B7: 1.01(n/8 + 8)d·C₀·(½C₀ + ‖r − μ‖ + ‖μ‖), the norms rounded up by 1 %.</summary>
        public double Definition(double residual)
            => 1.01 * ((Table.Dimensions / 8.0) + 8) * D * _raw * ((0.5 * _raw) + (1.01 * _center) + (1.01 * residual));
    }
}
