namespace Rvq.Search;

/// <summary>One stage of a beam search: the partial stacks of several frames, and where their extensions go.</summary>
internal readonly unsafe struct BeamStep
{
    /// <summary>The codebook of the stage.</summary>
    public required SearchTable Table { get; init; }

    public required int Frames { get; init; }

    /// <summary>The partial stacks of a frame before the stage, in lexicographic order of their codes.</summary>
    public required int Count { get; init; }

    /// <summary>The partial stacks of a frame after the stage, likewise; at most <see cref="Count"/> × the distinct codewords.</summary>
    public required int Kept { get; init; }

    /// <summary>The residuals of the partial stacks before the stage, [Frames, Count, Table.Stride].</summary>
    public required float* Vectors { get; init; }

    /// <summary>Receives which partial stack each kept one extends, [Frames, Width], the first Kept of each row.</summary>
    public required int* Parents { get; init; }

    /// <summary>Receives the code that it adds, likewise.</summary>
    public required int* Codes { get; init; }

    public required int Width { get; init; }

    /// <summary>Which of the partial stacks before the stage is the greedy one, or −1 where it is none of them; [Frames].</summary>
    public required int* Greedy { get; init; }

    /// <summary>Receives which of them it is after the stage, likewise.</summary>
    public required int* NextGreedy { get; init; }

    /// <summary>The first residual of a frame.</summary>
    public float* Residuals(int frame) => Vectors + ((nint)frame * Count * Table.Stride);
}
