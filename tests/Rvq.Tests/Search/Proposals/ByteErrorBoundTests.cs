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
