namespace Rvq.Search;

/// <summary>The scores of a partial stack as they are computed when read: Source + Scale × Row, each for [panels × 16] codewords.</summary>
internal unsafe struct BeamScores(float* source, sbyte* row, float scale)
{
    public readonly float* Source = source;
    public readonly sbyte* Row = row;
    public readonly float Scale = scale;

    /// <summary>Extensions with approximate scores up to this are candidates.</summary>
    public float Limit;
}
