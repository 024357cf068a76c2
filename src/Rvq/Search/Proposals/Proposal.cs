namespace Rvq.Search;

/// <summary>Approximate scores of some vectors, and how far they can be trusted; valid until the scratch that owns the memory is used again.</summary>
internal readonly unsafe struct Proposal
{
    /// <summary>[vectors, panels × 16].</summary>
    public required float* Scores { get; init; }

    /// <summary>The smallest score of each lane of each group of panels, [vectors, groups × 16].</summary>
    public required float* Minima { get; init; }

    /// <summary>How far beyond the smallest score a codeword may still be the code, [vectors]; infinite where the bound does not cover the vector.</summary>
    public required double* Margins { get; init; }

    /// <summary>The scales of quantized vectors with the spread A of each, [vectors]; or null for float32.</summary>
    public ResidualScale* Scales { get; init; }

    /// <summary>What each codeword has of the spread, [panels × 16]; or null where the margins cover all.</summary>
    public float* Weights { get; init; }

    /// <summary>μ, the codebook's center, which scores are taken around, or null where it has none.</summary>
    public float* Center { get; init; }

    /// <summary>A, the error of a score in units of the codeword's weight; 0 where the margins cover all.</summary>
    public float Spread(int vector) => Weights == null ? 0 : Scales[vector].Spread;
}
