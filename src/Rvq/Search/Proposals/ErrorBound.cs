using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// 2E, where E bounds how far a float32 score can be from the definition's: a codeword whose score is above the smallest by more is not the
/// code. BOUNDS.md, B1; for the definition's own part of E, B7.
/// </summary>
internal sealed unsafe class ErrorBound
{
    /// <summary>Up to this many dimensions γ(n + 3) is below 1.01 (n + 3) u; larger codebooks are left to the definition.</summary>
    public const int MaxDimensions = 100_000;

    // Of (n + 6) u: what is of second order in u is below 2 %.
    private const double FloatSlack = 1.02;

    // Of (n / 8 + 8) d, of ‖μ‖ in binary64, and of ‖r‖ against ‖r − μ‖ in float32: each is below 1 %.
    private const double DefinitionSlack = 1.01;

    // Half a percent of what 1/2 needs, for the roundings to float32 and of ‖r‖².
    private const double HalfUp = 0.501;

    // Covers the sums and the product that SmallStackCodes makes of F and P in float32.
    private const double SmallStackSlack = 1.001;

    // Above all that is subnormal in SmallStackCodes, and not subnormal itself.
    private const double SmallStackUnderflow = 1e-37;

    // Codewords so short need no better bound than those of this length.
    private const double MinTypicalNorm = 1e-15;

    private readonly double _fixed;
    private readonly double _perNorm;
    private readonly double _maxNorm;
    private readonly double _normUnderflow;
    private readonly double _definitionFixed;
    private readonly double _definitionPerNorm;

    public ErrorBound(SearchTable table, Centering centering)
    {
        var n = table.Dimensions;
        var rawNorm = centering.LargestRawNorm;
        var centerNorm = Math.Sqrt(WidestSums.Dot(centering.Center, centering.Center, table.Stride)) * DefinitionSlack;
        var definition = DefinitionSlack * ((n / 8.0) + 8) * Rounding.DoubleUnit * rawNorm;
        _definitionFixed = definition * ((0.5 * rawNorm) + centerNorm);
        _definitionPerNorm = definition * DefinitionSlack;

        var roundings = FloatSlack * (n + 6) * Rounding.Unit;
        _fixed = 2 * ((roundings * centering.LargestHalfNorm) + Math.ScaleB(n + 2, -148) + _definitionFixed);
        _perNorm = 2 * ((roundings * centering.LargestNorm) + Math.ScaleB(Math.Sqrt(n), -148) + _definitionPerNorm);
        _normUnderflow = Math.ScaleB(Math.Sqrt(n), -74);
        var covered = n <= MaxDimensions && centering.LargestHalfNorm < Rounding.OverflowLimit && _fixed < Rounding.OverflowLimit;
        _maxNorm = covered ? Rounding.OverflowLimit / (centering.LargestNorm + _perNorm + 1) : -1;
    }

    /// <summary>
    /// 2E for a residual with ‖r'‖² as summed by <see cref="RowArithmetic.SquaredNorm"/>; infinite where the bound does not cover it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Margin(float squaredNorm)
    {
        var norm = (Math.Sqrt(squaredNorm) * Rounding.NormSlack) + _normUnderflow;
        return norm <= _maxNorm ? _fixed + (_perNorm * norm) : double.PositiveInfinity;
    }

    /// <summary>The margins of centered residuals [count, stride].</summary>
    public void Margins(float* vectors, int count, int stride, double* margins)
    {
        for (var i = 0; i < count; i++, vectors += stride)
        {
            margins[i] = Margin(RowArithmetic.SquaredNorm(vectors, stride));
        }
    }

    /// <summary>
    /// 2E as F + P · ‖r'‖², for ‖r'‖² up to the third value, rounded up for use in float32. Closest where ‖r'‖ is
    /// <paramref name="typicalNorm"/>. BOUNDS.md, B4.
    /// </summary>
    public (float Fixed, float PerSquaredNorm, float MaxSquaredNorm) PerSquaredNorm(double typicalNorm)
    {
        var q = Math.Max(typicalNorm, MinTypicalNorm);
        var perSquaredNorm = HalfUp * _perNorm / q;
        var constant = _fixed + (HalfUp * _perNorm * q) + SmallStackUnderflow;
        return (
            (float)(constant * SmallStackSlack),
            (float)((perSquaredNorm * SmallStackSlack) + SmallStackUnderflow),
            (float)Math.Min(_maxNorm * Math.Abs(_maxNorm), Rounding.OverflowLimit));
    }

    /// <summary>The definition's part of E (BOUNDS.md, B7) for a residual with ‖r'‖ as given.</summary>
    public double DefinitionError(double norm) => _definitionFixed + (_definitionPerNorm * norm);
}
