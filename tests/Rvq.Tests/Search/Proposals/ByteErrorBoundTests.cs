using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>
/// The spread and margin of <see cref="ByteErrorBound"/> cover the errors of scores in eight and six bits, and are no larger than they need
/// be.
/// </summary>
public sealed class ByteErrorBoundTests
{
    [Fact]
    public void SpreadAndMargin_Avx2_CoverEveryError()
    {
        Cover<Avx2Dot>(TestScores.InBytes<Avx2Dot>);
        Cover<Avx2Dot>(TestScores.InSixBits<Avx2Dot>);
    }

    [Fact]
    public void SpreadAndMargin_Vnni_CoverEveryError()
    {
        Cover<VnniDot>(TestScores.InBytes<VnniDot>);
        Cover<VnniDot>(TestScores.InSixBits<VnniDot>);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("clustered")]
    [InlineData("offset-10")]
    public void Spread_OrdinaryData_LeavesFewCandidates(string kind)
    {
        Assert.SkipUnless(Avx2Dot.IsSupported, "Eight-bit scores need AVX2.");
        LeavesFewCandidates(TestScores.InBytes<Avx2Dot>(kind, 256, 64, 40), 8);
        LeavesFewCandidates(TestScores.InSixBits<Avx2Dot>(kind, 256, 64, 40), 16);
    }

    private static void LeavesFewCandidates(List<ScoredFrame> scored, int most)
    {
        Assert.InRange(
            scored.Average(frame =>
            {
                var best = Array.IndexOf(frame.Scores, frame.Scores.Min());
                return frame.Scores.Count(score => score <= frame.Scores[best] + frame.Allowances[best] + frame.Margin);
            }),
            1,
            most);

        // Cauchy–Schwarz against errors in random directions of 64 dimensions. The kernel has taken half the allowance off its scores.
        Assert.InRange(
            scored.Max(frame =>
            {
                var approximate = frame.Scores.Zip(frame.Allowances, (score, allowance) => score + (0.5 * allowance)).ToArray();
                var plain = frame with { Scores = approximate, Allowances = new double[256] };
                return plain.ErrorSpread() / (frame.Allowances.Max() + frame.Margin);
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

            // Errors are bounded in float32, a thousandth and some rounding of each dimension above the truth; norms are exact.
            double[] bounds = [.. errors.Select((error, k) => (error * 1.0011) + (Scale(table, k) * Math.Sqrt(Dimensions) * 4.1e-5))];
            var losses = table.BytePanels.Losses;
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

    [Fact]
    public void SixBits_AnyCodebook_AreNearTheCodewords()
    {
        foreach (var kind in new[] { "random", "offset-10", "mixed-scales", "one-huge-codeword", "zeros" })
        {
            foreach (var dimensions in new[] { 1, 8, 15, 16, 17, 40, 48, 72 })
            {
                const int Size = 70;
                var (codewords, _) = TestVectors.Create(kind, Size, dimensions, 1, 1);
                var table = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean);
                var losses = table.SixBitPanels.Losses;
                for (var k = 0; k < Size; k++)
                {
                    var (scale, norm, error) = SixBitError(table, new Centering(table), k);
                    if (scale == 0)
                    {
                        Assert.True(norm <= losses.Rest * (1 + 1e-12));
                        continue;
                    }

                    // Steps of four around the value, or three beyond the largest.
                    Assert.InRange(error, 0, 3.01 * scale);
                    Assert.True(norm <= losses.Norm * scale * (1 + 1e-12) && scale <= losses.LargestWeight);
                }
            }
        }
    }

    /// <summary>s, ‖c − μ‖ and the largest error of a dimension.</summary>
    private static unsafe (double Scale, double Norm, double Error) SixBitError(SearchTable table, Centering centering, int code)
    {
        var panels = table.SixBitPanels;
        var scale = (double)panels.Bytes.Scales[code];
        double norm = 0, largest = 0, squaredError = 0;
        for (var d = 0; d < table.Dimensions; d++)
        {
            var (group, step, i) = (d / 16, d / 4 % 4, d % 4);
            byte Own(int own) => panels.Panels[(((((((code / 16 * panels.Groups) + group) * 3) + own) * 16) + (code % 16)) * 4) + i];
            var stored = step < 3 ? Own(step) : ((Own(0) & 3) << 6) | ((Own(1) & 3) << 4) | ((Own(2) & 3) << 2);
            var value = (double)table.Row(code)[d] - centering.Center[d];
            var error = Math.Abs(value - (scale * (128 - stored)));
            (norm, largest, squaredError) = (norm + (value * value), Math.Max(largest, error), squaredError + (error * error));
        }

        Assert.True(scale == 0 || Math.Sqrt(squaredError) <= panels.Losses.Error * scale * (1 + 1e-12));
        return (scale, Math.Sqrt(norm), largest);
    }

    private static unsafe float Weight(SearchTable table, int code) => table.BytePanels.Weights[code];

    private static unsafe float Scale(SearchTable table, int code) => table.BytePanels.Scales[code];

    private static double Share(double norm, double largestNorm, double error, double largestError)
        => Math.Max(largestNorm == 0 ? 0 : norm / largestNorm, largestError == 0 ? 0 : error / largestError);

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

    private static void Cover<T>(Func<string, int, int, int, List<ScoredFrame>> score)
        where T : struct, IByteDot
    {
        Assert.SkipUnless(T.IsSupported, $"{typeof(T).Name} is not on this machine or switched off.");
        var covered = 0;
        foreach (var kind in TestVectors.Kinds)
        {
            foreach (var (size, dimensions) in new[] { (5, 1), (17, 3), (67, 32), (64, 67), (130, 128), (64, 1025) })
            {
                foreach (var frame in score(kind, size, dimensions, 15))
                {
                    if (double.IsPositiveInfinity(frame.Margin))
                    {
                        continue;
                    }

                    covered++;
                    var spread = frame.ErrorSpread();
                    Assert.True(spread <= frame.Margin, $"{kind}, {size} × {dimensions}: {spread} is beyond {frame.Margin}");
                }
            }
        }

        // What is tiny or huge is left to the definition.
        Assert.InRange(covered, 12 * 6 * 15, int.MaxValue);
    }
}
