namespace Rvq.Search;

/// <summary>
/// Approximate scores of some vectors, with the bounds of their errors (BOUNDS.md); valid until the scratch that owns the memory is used
/// again.
/// </summary>
internal readonly unsafe struct Proposal
{
    /// <summary>v_k, [vectors, panels × 16].</summary>
    public required float* Scores { get; init; }

    /// <summary>The smallest score of each lane of each group of panels, [vectors, groups × 16].</summary>
    public required float* Minima { get; init; }

    /// <summary>
    /// 2E or 2F: how far above the smallest score (and 2A of its codeword) the code's score may be, [vectors]; infinite where no bound is
    /// known.
    /// </summary>
    public required double* Margins { get; init; }

    /// <summary>The scales of quantized vectors with the spread A of each, [vectors]; null for float32.</summary>
    public ResidualScale* Scales { get; init; }

    /// <summary>Per-codeword error weights w_k, [panels × 16]; null if the margin covers all errors.</summary>
    public float* Weights { get; init; }

    /// <summary>μ, the codebook's center, which scores are taken around, or null where it has none.</summary>
    public float* Center { get; init; }

    /// <summary>A, the error of a score in units of the codeword's weight; 0 if the margin covers all errors.</summary>
    public float Spread(int vector) => Weights == null ? 0 : Scales[vector].Spread;
}
