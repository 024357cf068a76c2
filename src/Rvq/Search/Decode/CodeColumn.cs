namespace Rvq.Search;

/// <summary>The vectors of the codes in one column of a block; whoever holds it keeps the rows alive.</summary>
internal readonly unsafe struct CodeColumn(float* rows, int size, int stride)
{
    /// <summary>[Size + 1, Stride]; the last row stands for a code of −1.</summary>
    public readonly float* Rows = rows;

    /// <summary>The distance between the rows of two codes.</summary>
    public readonly nint Stride = stride;

    /// <summary>The number of codes.</summary>
    public readonly int Size = size;
}
