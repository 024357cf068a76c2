namespace Rvq.Search;

/// <summary>The constants of rounding that the proofs in BOUNDS.md share.</summary>
internal static class Rounding
{
    /// <summary>u = 2⁻²⁴: rounding to float32 moves a value by at most this share of the result, where that is not subnormal.</summary>
    public const double Unit = 1.0 / (1 << 24);

    /// <summary>d = 2⁻⁵³, the same for binary64.</summary>
    public const double DoubleUnit = 1.0 / (1L << 53);

    /// <summary>
    /// L = 10³⁷, a thirtieth of the largest float32: sums of magnitudes are held to a few times this, so that no rounding of them
    /// overflows.
    /// </summary>
    public const double OverflowLimit = 1e37;

    /// <summary>
    /// Makes a norm from a float32 sum of at most 10⁵ squares, at least eight sums side by side, an upper bound: its error is below 4 ·
    /// 10⁻⁴.
    /// </summary>
    public const double NormSlack = 1.001;

    /// <summary>Makes a norm, or a quotient of two, in binary64 over at most 10⁵ terms an upper bound: its error is below 10⁻¹¹.</summary>
    public const double DoubleSlack = 1 + 1e-9;
}
