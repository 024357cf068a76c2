using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// How far a float32 score can be from the definition's, and so which codewords may hold the smallest.
/// <para>
/// Proof. Let u = 2⁻²⁴, n = D; r' = fl(r − μ), c' = fl(c − μ), h' = ½‖c − μ‖², all vectors of length n, and let s = h' − ⟨r − μ, c − μ⟩ be the
/// exact score, less what all codewords share.
/// </para>
/// <para>
/// (1) Data. |r'ᵢ − (r − μ)ᵢ| ≤ u|r'ᵢ| (a float32 difference is exact where it is subnormal); |c'ᵢ − (c − μ)ᵢ| ≤ u(1+u)|c'ᵢ| + 2⁻¹⁵⁰; the start
/// of the sum is within u·h' + 2⁻¹⁵⁰ of h' (the binary64 errors of h' are below 2⁻²⁴ of that). By Cauchy–Schwarz they move the score by at most
/// 2.01·u·(h' + ‖r'‖‖c'‖) + 2⁻¹⁵⁰(1 + √n‖r'‖).
/// </para>
/// <para>
/// (2) Arithmetic. Every term passes at most n + 3 roundings (n multiply-adds, fused or not, or fewer and the joining of up to eight partial sums),
/// so the sum errs by at most γ(n+3)·(h' + Σ|r'ᵢc'ᵢ|), γ(m) = mu/(1 − mu), and each of the at most n products that underflow by 2⁻¹⁵⁰. 
/// For n ≤ 10⁵, γ(n+3) ≤ 1.01(n+3)u. As ‖c'‖ ≤ (1 + 2u)C + 2⁻¹⁵⁰√n with C = max‖c − μ‖, and H = max h', (1) and (2) are together at most
/// 1.02(n + 6)u·(H + ‖r'‖C) + 2⁻¹⁴⁸(n + 2 + √n‖r'‖).
/// </para>
/// <para>
/// (3) The definition rounds too: its score is within 1.01(n/8 + 8)2⁻⁵³·(½C₀² + ‖r‖C₀) of the exact one, C₀ = max‖c‖, ‖r‖ ≤ 1.01‖r'‖ + ‖μ‖.
/// </para>
/// <para>
/// Let E be the sum of all that. If k is the code and m has the smallest approximate score a, then a(k) ≤ s(k) + E ≤ s(m) + E ≤ a(m) + 2E: every
/// codeword beyond a(m) + 2E can be left out. Sums in float32 cannot overflow while 2(H + ‖r'‖C) is below 10³⁸; beyond that (and for n > 10⁵)
/// there is no margin and the definition searches alone.
/// </para>
/// </summary>
internal sealed unsafe class ErrorBound
{
    public const int MaxDimensions = 100_000;
    private const double Largest = 1e37;

    private readonly double _fixed;
    private readonly double _perNorm;
    private readonly double _largestNorm;
    private readonly double _normUnderflow;
    private readonly double _definitionFixed;
    private readonly double _definitionPerNorm;

    public ErrorBound(SearchTable table, Centering centering)
    {
        var n = table.Dimensions;
        var rawNorm = centering.MaxRawNorm;
        var centerNorm = Math.Sqrt(WidestSums.Dot(centering.Center, centering.Center, table.Stride)) * 1.01;
        var definition = 1.01 * ((n / 8.0) + 8) * Math.ScaleB(1, -53) * rawNorm;
        _definitionFixed = definition * ((0.5 * rawNorm) + centerNorm);
        _definitionPerNorm = definition * 1.01;

        var unit = 1.02 * (n + 6) * Math.ScaleB(1, -24);
        _fixed = 2 * ((unit * centering.MaxHalfNorm) + Math.ScaleB(n + 2, -148) + _definitionFixed);
        _perNorm = 2 * ((unit * centering.MaxNorm) + Math.ScaleB(Math.Sqrt(n), -148) + _definitionPerNorm);
        _normUnderflow = Math.ScaleB(Math.Sqrt(n), -74);
        var covered = n <= MaxDimensions && centering.MaxHalfNorm < Largest && _fixed < Largest;
        _largestNorm = covered ? Largest / (centering.MaxNorm + _perNorm + 1) : -1;
    }

    /// <summary>2E for a residual with ‖r'‖² as summed by <see cref="RowArithmetic.SquaredNorm"/>, or infinity where the bound does not cover it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Margin(float squaredNorm)
    {
        // Summed in float32 over at most 10⁵ terms, eight side by side: within 10⁻³; and what underflowed is below 2⁻¹⁴⁹ a term.
        var norm = (Math.Sqrt(squaredNorm) * 1.001) + _normUnderflow;
        return norm <= _largestNorm ? _fixed + (_perNorm * norm) : double.PositiveInfinity;
    }

    /// <summary>
    /// 2E as F + P · ‖r'‖², for ‖r'‖² up to the third value: by the means' inequality ‖r'‖ ≤ ½(‖r'‖²/q + q), q > 0; all rounded up, so that float32 can be used. F has
    /// room for what of ‖r'‖² and the rest underflows there.
    /// </summary>
    public (float Fixed, float PerSquaredNorm, float LargestSquaredNorm) PerSquaredNorm(double typicalNorm)
    {
        var q = Math.Max(typicalNorm, 1e-15);
        var perSquaredNorm = 0.501 * _perNorm / q;
        var constant = _fixed + (0.501 * _perNorm * q) + 1e-37;
        return ((float)(constant * 1.001), (float)((perSquaredNorm * 1.001) + 1e-37), (float)Math.Min(_largestNorm * Math.Abs(_largestNorm), 1e37));
    }

    /// <summary>The margins of vectors [count, stride], less the codebook's center.</summary>
    public void Margins(float* vectors, int count, int stride, double* margins)
    {
        for (var i = 0; i < count; i++, vectors += stride)
        {
            margins[i] = Margin(RowArithmetic.SquaredNorm(vectors, stride));
        }
    }

    /// <summary>(3): how far the definition's own score can be from the exact one, for a residual with ‖r'‖ as given.</summary>
    public double DefinitionError(double norm) => _definitionFixed + (_definitionPerNorm * norm);
}
