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
        Cover<ByteLanes256<Avx2Dot>>(TestScores.InBytes<ByteLanes256<Avx2Dot>>);
        Cover<ByteLanes256<Avx2Dot>>(TestScores.InSixBits<ByteLanes256<Avx2Dot>>);
    }

    [Fact]
    public void SpreadAndMargin_Avx512_CoverEveryError()
    {
        Cover<ByteLanes512>(TestScores.InBytes<ByteLanes512>);
        Cover<ByteLanes512>(TestScores.InSixBits<ByteLanes512>);
    }

    [Fact]
    public void SpreadAndMargin_DotProd_CoverEveryError()
    {
        Cover<DotProdLanes>(TestScores.InBytes<DotProdLanes>);
        Cover<DotProdLanes>(TestScores.InSixBits<DotProdLanes>);
    }

    [Fact]
    public void SpreadAndMargin_Vnni_CoverEveryError()
    {
        Cover<ByteLanes256<VnniDot>>(TestScores.InBytes<ByteLanes256<VnniDot>>);
        Cover<ByteLanes256<VnniDot>>(TestScores.InSixBits<ByteLanes256<VnniDot>>);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("clustered")]
    [InlineData("offset-10")]
    public void Spread_OrdinaryData_LeavesFewCandidates(string kind)
    {
        LeavesFewCandidates(TestScores.InBytes<DotProdLanes>(kind, 256, 64, 40), 8);
        LeavesFewCandidates(TestScores.InSixBits<DotProdLanes>(kind, 256, 64, 40), 16);
        TestKernels.SkipUnlessMultiplied<ByteLanes256<Avx2Dot>>();
        LeavesFewCandidates(TestScores.InBytes<ByteLanes256<Avx2Dot>>(kind, 256, 64, 40), 8);
        LeavesFewCandidates(TestScores.InSixBits<ByteLanes256<Avx2Dot>>(kind, 256, 64, 40), 16);
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

    private static void Cover<T>(Func<string, int, int, int, List<ScoredFrame>> score)
        where T : struct, IByteLanes<T>
    {
        TestKernels.SkipUnlessMultiplied<T>();
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
