namespace Rvq.Tests.Search;

/// <summary>The approximate scores of one frame beside the definition's.</summary>
/// <param name="Scores">The approximate scores, less the codeword's part of the spread where there is one.</param>
/// <param name="Definition">The definition's scores.</param>
/// <param name="Allowances">2A·w of each codeword; zeros for float32.</param>
/// <param name="Margin">How far beyond the smallest score (and its allowance) a codeword may still be the code.</param>
internal sealed record ScoredFrame(double[] Scores, double[] Definition, double[] Allowances, double Margin)
{
    /// <summary>
    /// The largest (a_k − a_j − 2A·w_j) − (s_k − s_j) over all codewords: what the margin must cover, lest the code be left out. The
    /// definition's scores and the kernel's may differ by what all codewords share, so only differences count.
    /// </summary>
    public double ErrorSpread()
    {
        double largest = double.NegativeInfinity, smallest = double.PositiveInfinity;
        var origin = Array.FindIndex(Scores, double.IsFinite);
        for (var k = 0; k < Scores.Length; k++)
        {
            // A repeated codeword is left out by an infinite score.
            if (double.IsFinite(Scores[k]))
            {
                var error = (Scores[k] - Scores[origin]) - (Definition[k] - Definition[origin]);
                largest = Math.Max(largest, error);
                smallest = Math.Min(smallest, error + Allowances[k]);
            }
        }

        return largest - smallest;
    }
}
