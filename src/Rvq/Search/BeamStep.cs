namespace Rvq.Search;

/// <summary>One stage of a beam search over several frames.</summary>
internal readonly unsafe struct BeamStep
{
    /// <summary>The partial stacks, and where their extensions go.</summary>
    public required BeamScratch Beam { get; init; }

    /// <summary>The codebook of the stage.</summary>
    public required SearchTable Table { get; init; }

    /// <summary>The products of its codewords with those of the stages before it, the last stage first.</summary>
    public required CodewordProducts[] Products { get; init; }

    /// <summary>The index of the stage, which is the number of codes in the partial stacks before it.</summary>
    public required int Stage { get; init; }

    public required int Frames { get; init; }

    /// <summary>The partial stacks of a frame before the stage.</summary>
    public int Count => Beam.Count(Stage);

    /// <summary>The partial stacks of a frame after the stage; at most <see cref="Count"/> × the distinct codewords.</summary>
    public int Kept => Beam.Count(Stage + 1);

    /// <summary>The first residual of a frame before the stage.</summary>
    public float* Residuals(int frame) => Beam.Residuals(Stage) + ((nint)frame * Count * Table.Stride);

    /// <summary>½⟨r, r⟩ of the residuals of a frame before the stage.</summary>
    public double* HalfNorms(int frame) => Beam.HalfNorms(Stage) + ((nint)frame * Count);
}
