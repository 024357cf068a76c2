namespace Rvq.Search;

/// <summary>
/// How far a score from eight-bit residual and codewords can be from the definition's.
/// <para>
/// Proof. With r' = fl(r − μ), the quantized residual r̂ = s_r q_r, the quantized codeword ĉ_k = s_k q_k, and h', C, H, C₀ as in
/// <see cref="ErrorBound"/>: ⟨r', c_k − μ⟩ − ⟨r̂, ĉ_k⟩ = ⟨r' − r̂, c_k − μ⟩ + ⟨r̂, (c_k − μ) − ĉ_k⟩, so by Cauchy–Schwarz the two differ by at most
/// ‖r' − r̂‖·‖c_k − μ‖ + ‖r̂‖·‖(c_k − μ) − ĉ_k‖, all of which is known. The sum Σ q_r q_k is exact in 32 bits. With Δ the largest ‖(c_k − μ) − ĉ_k‖, that is
/// at most A·w_k for A = ‖r' − r̂‖·C + ‖r̂‖·Δ and w_k = max(‖c_k − μ‖ / C, ‖(c_k − μ) − ĉ_k‖ / Δ) ≤ 1: small codewords have small errors.
/// </para>
/// <para>
/// What remains is float32: |r' − (r − μ)| ≤ u|r'| moves the score by u‖r'‖C; the sum becomes a float32 (u), is multiplied by s_r s_k (rounded: u) and
/// added to fl(h') (u each), and A·w_k, itself rounded, is taken off (3u): together at most 9u(H + A + ‖r̂‖(C + Δ)). Where s_r s_k is subnormal it errs by 2⁻¹⁵⁰
/// instead, times a sum of at most 128 · 128 · n: 2⁻¹³⁶n. And the definition rounds as (3) of <see cref="ErrorBound"/> says. Let F be the sum of these.
/// </para>
/// <para>
/// The kernel stores a_k − A·w_k, a_k being its approximate score. If k is the code and j any codeword, a_k − A·w_k − F ≤ s_k ≤ s_j ≤ a_j + A·w_j + F: with j
/// the codeword whose stored value is smallest, all that are stored above (a_j − A·w_j) + 2A·w_j + 2F can be left out.
/// </para>
/// <para>
/// ‖r'‖ and ‖r' − r̂‖ are summed in float32 over n ≤ 60 000 terms, at least eight of them side by side: below 10⁻³ relative, as long as the largest |r'ᵢ| is
/// between 2⁻⁴⁰ and 2⁶⁰ (or zero), so that squares neither overflow nor vanish. Each difference r'ᵢ − s_r qᵢ is computed to within 4u·max|r'|.
/// </para>
/// </summary>
internal sealed unsafe class ByteErrorBound(SearchTable table, Centering centering, double codewordError)
{
    private const double Largest = 1e37;
    private const float SmallestPeak = 1f / (1L << 40);
    private const float LargestPeak = 1L << 60;

    private static readonly double Unit = Math.ScaleB(1, -24);

    private readonly ErrorBound _exact = new(table, centering);
    private readonly double _norm = centering.MaxNorm * (1 + 1e-9);
    private readonly double _halfNorm = centering.MaxHalfNorm;
    private readonly double _codewordError = codewordError * (1 + 1e-9);
    private readonly double _underflow = Math.ScaleB(table.Dimensions, -135);
    private readonly double _differencePerPeak = 4 * Unit * Math.Sqrt(table.Dimensions);

    /// <summary>A and 2F; the latter infinite where the bound does not cover the residual.</summary>
    /// <param name="peak">max|r'ᵢ|.</param>
    /// <param name="squaredNorm">‖r'‖² summed in float32.</param>
    /// <param name="squaredError">‖r' − r̂‖² summed in float32.</param>
    public (float Spread, double Margin) For(float peak, float squaredNorm, float squaredError)
    {
        if (peak != 0 && !(peak >= SmallestPeak && peak <= LargestPeak))
        {
            return (0, double.PositiveInfinity);
        }

        var norm = Math.Sqrt(squaredNorm) * 1.001;
        var residualError = (Math.Sqrt(squaredError) * 1.001) + (_differencePerPeak * peak);
        var quantizedNorm = norm + residualError;
        var spread = (residualError * _norm) + (quantizedNorm * _codewordError);
        var magnitude = _halfNorm + spread + (quantizedNorm * (_norm + _codewordError));
        var error = (10 * Unit * magnitude) + _underflow + _exact.DefinitionError(norm);
        return magnitude < Largest && error < Largest ? ((float)spread, 2 * error) : (0, double.PositiveInfinity);
    }
}
