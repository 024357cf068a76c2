using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>What rounding to eight bits loses of each codeword, against plain sums.</summary>
public sealed class BytePanelsTests
{
    [Fact]
    public void Weights_AnyCodebook_AreTheSharesOfTheLargestNormOrError()
    {
        foreach (var kind in new[] { "random", "offset-10", "mixed-scales", "one-huge-codeword", "zeros" })
        {
            const int Size = 70, Dimensions = 40;
            var (codewords, _) = TestVectors.Create(kind, Size, Dimensions, 1, 1);
            var table = new SearchTable(new Codebook(codewords, Dimensions), SearchMetric.Euclidean);
            var centering = new Centering(table);
            var (norms, errors) = (new double[Size], new double[Size]);
            for (var k = 0; k < Size; k++)
            {
                (norms[k], errors[k]) = NormAndError(table, centering, k);
            }

            // Errors are bounded in float32, a thousandth and some rounding of each dimension above the truth; norms are exact.
            double[] bounds = [.. errors.Select((error, k) => (error * 1.0011) + (Scale(table, k) * Math.Sqrt(Dimensions) * 4.1e-5))];
            var losses = table.BytePanels(ByteForm.Unsigned).Losses;
            Assert.InRange(losses.Norm, norms.Max(), norms.Max() * 1.000001);
            Assert.InRange(losses.Error, errors.Max(), bounds.Max());
            for (var k = 0; k < Size; k++)
            {
                var least = Share(norms[k], norms.Max(), errors[k], losses.Error);
                var most = Share(norms[k], norms.Max(), bounds[k], losses.Error);
                Assert.InRange(Weight(table, k), least * 0.999999, Math.Max(most * 1.000001, 1.1e-12));
                Assert.True(Weight(table, k) <= losses.LargestWeight && Weight(table, k) <= 1);
                Assert.True(norms[k] <= losses.Norm * Weight(table, k) * (1 + 1e-12));
                Assert.True(errors[k] <= losses.Error * Weight(table, k) * (1 + 1e-12));
            }
        }
    }

    private static unsafe float Weight(SearchTable table, int code) => table.BytePanels(ByteForm.Unsigned).Weights[code];

    private static unsafe float Scale(SearchTable table, int code) => table.BytePanels(ByteForm.Unsigned).Scales[code];

    private static double Share(double norm, double largestNorm, double error, double largestError)
        => Math.Max(largestNorm == 0 ? 0 : norm / largestNorm, largestError == 0 ? 0 : error / largestError);

    private static unsafe (double Norm, double Error) NormAndError(SearchTable table, Centering centering, int code)
    {
        var panels = table.BytePanels(ByteForm.Unsigned);
        double norm = 0, error = 0;
        for (var d = 0; d < table.Dimensions; d++)
        {
            var value = (double)table.Row(code)[d] - centering.Center[d];
            var at = (((((code / 16 * panels.Steps) + (d / 4)) * 16) + (code % 16)) * 4) + (d % 4);
            var rounded = (double)panels.Scales[code] * (panels.Offset - panels.Panels[at]);
            norm += value * value;
            error += (value - rounded) * (value - rounded);
        }

        return (Math.Sqrt(norm), Math.Sqrt(error));
    }
}
