using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The spread and margin of <see cref="ByteErrorBound"/> against the errors that eight-bit scores really have, and that they are no larger than they need be.</summary>
public sealed class ByteErrorBoundTests
{
    [Fact]
    public void SpreadAndMargin_Avx2_CoverEveryError() => Cover<Avx2Dot>();

    [Fact]
    public void SpreadAndMargin_Vnni_CoverEveryError() => Cover<VnniDot>();

    [Theory]
    [InlineData("random")]
    [InlineData("clustered")]
    [InlineData("offset-10")]
    public void Spread_OrdinaryData_LeavesFewCandidates(string kind)
    {
        Assert.SkipUnless(Avx2Dot.IsSupported, "Eight-bit scores need AVX2.");
        var proposals = Proposals.InBytes<Avx2Dot>(kind, 256, 64, 40);
        Assert.InRange(
            proposals.Average(proposal =>
            {
                var best = Array.IndexOf(proposal.Scores, proposal.Scores.Min());
                return proposal.Scores.Count(score => score <= proposal.Scores[best] + proposal.Allowances[best] + proposal.Margin);
            }),
            1,
            8);

        // Cauchy–Schwarz against errors in random directions of 64 dimensions. The kernel has taken half the allowance off its scores.
        Assert.InRange(
            proposals.Max(proposal =>
            {
                var approximate = proposal.Scores.Zip(proposal.Allowances, (score, allowance) => score + (0.5 * allowance)).ToArray();
                return (proposal with { Scores = approximate, Allowances = new double[256] }).ErrorSpread() / (proposal.Allowances.Max() + proposal.Margin);
            }),
            1.0 / 20,
            1);
    }

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

            var losses = table.BytePanels.Losses;
            Assert.InRange(losses.Norm, norms.Max(), norms.Max() * 1.000001);
            Assert.InRange(losses.Error, errors.Max(), errors.Max() * 1.000001);
            for (var k = 0; k < Size; k++)
            {
                var share = Math.Max(norms[k] / norms.Max(), errors[k] / errors.Max());
                Assert.InRange(Weight(table, k), share * 0.999999, Math.Max(share * 1.000001, 1.1e-12));
                Assert.True(Weight(table, k) <= losses.LargestWeight);
                Assert.True(norms[k] <= losses.Norm * Weight(table, k) * (1 + 1e-12) && errors[k] <= losses.Error * Weight(table, k) * (1 + 1e-12));
            }
        }
    }

    private static unsafe float Weight(SearchTable table, int code) => table.BytePanels.Weights[code];

    private static unsafe (double Norm, double Error) NormAndError(SearchTable table, Centering centering, int code)
    {
        var panels = table.BytePanels;
        double norm = 0, error = 0;
        for (var d = 0; d < table.Dimensions; d++)
        {
            var value = (double)table.Row(code)[d] - centering.Center[d];
            var at = (((((code / 16 * panels.Steps) + (d / 4)) * 16) + (code % 16)) * 4) + (d % 4);
            var rounded = (double)panels.Scales[code] * (BytePanels.Offset - panels.Panels[at]);
            norm += value * value;
            error += (value - rounded) * (value - rounded);
        }

        return (Math.Sqrt(norm), Math.Sqrt(error));
    }

    private static void Cover<T>()
        where T : struct, IByteDot
    {
        Assert.SkipUnless(T.IsSupported, $"{typeof(T).Name} is not on this machine or switched off.");
        var covered = 0;
        foreach (var kind in TestVectors.Kinds)
        {
            foreach (var (size, dimensions) in new[] { (5, 1), (17, 3), (67, 32), (64, 67), (130, 128), (64, 1025) })
            {
                foreach (var proposal in Proposals.InBytes<T>(kind, size, dimensions, 15))
                {
                    if (double.IsPositiveInfinity(proposal.Margin))
                    {
                        continue;
                    }

                    covered++;
                    Assert.True(
                        proposal.ErrorSpread() <= proposal.Margin, $"{kind}, {size} × {dimensions}: {proposal.ErrorSpread()} is beyond {proposal.Margin}");
                }
            }
        }

        // What is tiny or huge is left to the definition.
        Assert.InRange(covered, 12 * 6 * 15, int.MaxValue);
    }
}
