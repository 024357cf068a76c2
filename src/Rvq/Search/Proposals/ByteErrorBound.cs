namespace Rvq.Search;

/// <summary>
/// How far a score from residuals and codewords in eight (or six) bits can be from the definition's: A · w_k, which the scores have taken
/// off, and F. BOUNDS.md, B2.
/// </summary>
internal sealed unsafe class ByteErrorBound(SearchTable table, Centering centering, ByteLosses losses)
{
    // Squares of a largest value between these neither vanish nor overflow. Should a sum of squares overflow, nothing is covered either.
    private const float MinPeak = 1f / (1L << 40);
    private const float MaxPeak = 1L << 60;

    // Roundings of a score, of which 5 are proven.
    private const int Roundings = 10;

    // Roundings of r'ᵢ − s_r qᵢ in units of the largest |r'ᵢ|, of which 1.02 are proven.
    private const int DifferenceRoundings = 4;

    private readonly ErrorBound _exact = new(table, centering);
    private readonly double _normPerWeight = losses.Norm * Rounding.DoubleSlack;
    private readonly double _errorPerWeight = losses.Error * Rounding.DoubleSlack;
    private readonly double _largestWeight = losses.LargestWeight;
    private readonly double _rest = losses.Rest * Rounding.DoubleSlack;
    private readonly double _halfNorm = centering.LargestHalfNorm;
    private readonly double _reach = (centering.LargestNorm + (losses.Error * losses.LargestWeight)) * Rounding.DoubleSlack;
    private readonly double _underflow = Math.ScaleB(table.Dimensions, -135);
    private readonly double _differencePerPeak = DifferenceRoundings * Rounding.Unit * Math.Sqrt(table.Dimensions);

    /// <summary>A and 2F; the latter infinite where the bound does not cover the residual.</summary>
    /// <param name="peak">max|r'ᵢ|, or up to four times as much.</param>
    /// <param name="squaredNorm">‖r'‖² summed in float32.</param>
    /// <param name="squaredError">‖r' − r̂‖² summed in float32.</param>
    public (float Spread, double Margin) For(float peak, float squaredNorm, float squaredError)
    {
        if (peak != 0 && !(peak >= MinPeak && peak <= MaxPeak))
        {
            return (0, double.PositiveInfinity);
        }

        var norm = Math.Sqrt(squaredNorm) * Rounding.NormSlack;
        var residualError = (Math.Sqrt(squaredError) * Rounding.NormSlack) + (_differencePerPeak * peak);
        var quantizedNorm = norm + residualError;
        var spread = (residualError * _normPerWeight) + (quantizedNorm * _errorPerWeight);
        var magnitude = _halfNorm + (spread * _largestWeight) + (quantizedNorm * _reach);
        var error = (Roundings * Rounding.Unit * magnitude) + (norm * _rest) + _underflow + _exact.DefinitionError(norm);
        return magnitude < Rounding.OverflowLimit && error < Rounding.OverflowLimit
            ? ((float)spread, 2 * error)
            : (0, double.PositiveInfinity);
    }
}
