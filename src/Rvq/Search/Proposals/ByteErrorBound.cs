namespace Rvq.Search;

/// <summary>
/// How far a score from eight-bit residual and codewords can be from the definition's.
/// <para>
/// Proof. With r' = fl(r − μ), the quantized residual r̂ = s_r q_r, the quantized codeword ĉ_k = s_k q_k, and h', C, H, C₀ as in
/// <see cref="ErrorBound"/>: ⟨r', c_k − μ⟩ − ⟨r̂, ĉ_k⟩ = ⟨r' − r̂, c_k − μ⟩ + ⟨r̂, (c_k − μ) − ĉ_k⟩, so by Cauchy–Schwarz the two differ by at most
/// ‖r' − r̂‖·‖c_k − μ‖ + ‖r̂‖·‖(c_k − μ) − ĉ_k‖, all of which is known. The sum Σ q_r q_k is exact in 32 bits. With any weights w_k, and for those
/// above zero ρ the largest ‖c_k − μ‖/w_k and ε the largest ‖(c_k − μ) − ĉ_k‖/w_k, that is at most A·w_k for A = ‖r' − r̂‖·ρ + ‖r̂‖·ε: small codewords have small
/// errors. Codewords with w_k = 0 have ĉ_k = 0, and a difference of ‖r'‖·‖c_k − μ‖ at most.
/// </para>
/// <para>
/// What remains is float32: |r' − (r − μ)| ≤ u|r'| moves the score by u‖r'‖C; the sum becomes a float32 (u) and is multiplied by s_r and s_k (2u), A, itself
/// rounded, is multiplied by w_k (2u), and both are put together with fl(h') (2u), in whatever order: at most 9u(H + A·max w_k + ‖r̂‖(C + Δ)), Δ being the largest
/// ‖(c_k − μ) − ĉ_k‖, which is at most ε·max w_k. Where s_r s_k is subnormal it errs by 2⁻¹⁵⁰ instead, times a sum of at most 128 · 128 · n: 2⁻¹³⁶n; what else is
/// subnormal errs by 2⁻¹⁵⁰. And the definition rounds as (3) of <see cref="ErrorBound"/> says. Let F be the sum of these and of what codewords with w_k = 0 lose.
/// </para>
/// <para>
/// The kernel stores v_k = a_k − A·w_k, a_k being its approximate score. If k is the code and j any codeword, v_k − F ≤ S_k ≤ S_j ≤ v_j + 2A·w_j + F for their
/// scores S: with j the codeword whose stored value is smallest, all that are stored above v_j + 2A·w_j + 2F can be left out.
/// </para>
/// <para>
/// ‖r'‖ and ‖r' − r̂‖ are summed in float32 over n ≤ 60 000 terms, at least eight of them side by side: below 10⁻³ relative, as long as the largest |r'ᵢ| is
/// between 2⁻⁴⁰ and 2⁶⁰ (or zero), so that squares neither overflow nor vanish. Each difference r'ᵢ − s_r qᵢ is computed to within 4u·max|r'|.
/// </para>
/// </summary>
internal sealed unsafe class ByteErrorBound(SearchTable table, Centering centering, ByteLosses losses)
{
    private const double Largest = 1e37;
    private const float SmallestPeak = 1f / (1L << 40);
    private const float LargestPeak = 1L << 60;

    private static readonly double Unit = Math.ScaleB(1, -24);

    private readonly ErrorBound _exact = new(table, centering);
    private readonly double _normPerWeight = losses.Norm * (1 + 1e-9);
    private readonly double _errorPerWeight = losses.Error * (1 + 1e-9);
    private readonly double _largestWeight = losses.LargestWeight;
    private readonly double _rest = losses.Rest * (1 + 1e-9);
    private readonly double _halfNorm = centering.MaxHalfNorm;
    private readonly double _reach = (centering.MaxNorm + (losses.Error * losses.LargestWeight)) * (1 + 1e-9);
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
        var spread = (residualError * _normPerWeight) + (quantizedNorm * _errorPerWeight);
        var magnitude = _halfNorm + (spread * _largestWeight) + (quantizedNorm * _reach);
        var error = (10 * Unit * magnitude) + (norm * _rest) + _underflow + _exact.DefinitionError(norm);
        return magnitude < Largest && error < Largest ? ((float)spread, 2 * error) : (0, double.PositiveInfinity);
    }
}
