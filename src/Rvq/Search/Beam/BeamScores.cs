namespace Rvq.Search;

/// <summary>Where the scores of a partial stack come from: Source + Scale × Row, for [panels × 16] codewords.</summary>
internal unsafe struct BeamScores(float* source, sbyte* row, float scale)
{
    public readonly float* Source = source;
    public readonly sbyte* Row = row;
    public readonly float Scale = scale;

    /// <summary>The scores up to which extensions are candidates.</summary>
    public float Limit;
}
