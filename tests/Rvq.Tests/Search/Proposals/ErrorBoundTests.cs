using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The margin of <see cref="ErrorBound"/> covers the errors of float32 scores, and is no larger than it need be.</summary>
public sealed class ErrorBoundTests
{
    [Fact]
    public void Margin_Lanes128_CoversEveryError() => Covers<FloatLanes128>();

    [Fact]
    public void Margin_Lanes256_CoversEveryError() => Covers<FloatLanes256>();

    [Fact]
    public void Margin_Lanes512_CoversEveryError() => Covers<FloatLanes512>();

    [Theory]
    [InlineData("random")]
    [InlineData("clustered")]
    [InlineData("offset-10")]
    public void Margin_OrdinaryData_LeavesFewCandidates(string kind)
    {
        Assert.SkipUnless(FloatLanes128.IsSupported, "No vectors are accelerated on this machine or by its settings.");
        var scored = TestScores.InFloat<FloatLanes128>(kind, 256, 64, 40);
        Assert.InRange(scored.Average(frame => frame.Scores.Count(score => score <= frame.Scores.Min() + frame.Margin)), 1, 1.1);

        // A bound of n roundings in a row, against errors that mostly cancel.
        Assert.InRange(scored.Max(frame => frame.ErrorSpread() / frame.Margin), 1.0 / 200, 1);
    }

    private static void Covers<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        var covered = 0;
        foreach (var kind in TestVectors.Kinds)
        {
            foreach (var (size, dimensions) in new[] { (5, 1), (17, 3), (67, 16), (40, 67), (130, 128), (20, 1025) })
            {
                foreach (var frame in TestScores.InFloat<T>(kind, size, dimensions, 15))
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

        // Of 19 kinds two are beyond float32 and one is in part.
        Assert.InRange(covered, 15 * 6 * 15, int.MaxValue);
    }
}
