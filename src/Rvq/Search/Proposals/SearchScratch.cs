namespace Rvq.Search;

/// <summary>Memory for the scores of one tile of frames over any codebook of some stages.</summary>
internal sealed unsafe class SearchScratch
{
    /// <summary>The most frames of a tile; 48 is a multiple of the frames that any loop holds in registers.</summary>
    public const int MaxFrames = 48;

    // A multiple of the six frames of a tile in registers, enough to use each read of a panel twice.
    private const int MinFrames = 12;

    // The scores of a tile should stay in L2: 256 KB.
    private const int TargetScores = 64 * 1024;

    private readonly AlignedBuffer<float> _scores;
    private readonly AlignedBuffer<float> _minima;
    private readonly AlignedBuffer<int> _candidates;
    private readonly AlignedBuffer<float> _vectors;
    private readonly AlignedBuffer<sbyte> _bytes;
    private readonly AlignedBuffer<ResidualScale> _scales = new(MaxFrames);
    private readonly AlignedBuffer<double> _margins = new(MaxFrames);
    private readonly AlignedBuffer<float> _squaredNorms = new(MaxFrames);

    public SearchScratch(ReadOnlySpan<Stage> stages)
    {
        long scores = 0, minima = 0, values = 0;
        var size = 0;
        foreach (var stage in stages)
        {
            var panels = PanelLayout.PanelCount(stage.Codebook.Size);
            long frames = Tile(panels);
            scores = Math.Max(scores, frames * panels * PanelLayout.PanelSize);
            minima = Math.Max(minima, frames * PanelLayout.GroupCount(panels) * PanelLayout.PanelSize);
            values = Math.Max(values, frames * stage.Codebook.RowStride);
            size = Math.Max(size, stage.Codebook.Size);
        }

        _scores = new AlignedBuffer<float>(scores);
        _minima = new AlignedBuffer<float>(minima);
        _candidates = new AlignedBuffer<int>(2L * size);
        _vectors = new AlignedBuffer<float>(values);
        _bytes = new AlignedBuffer<sbyte>(values + sizeof(long));
    }

    /// <summary>[frames, panels × 16].</summary>
    public float* Scores => _scores.Pointer;

    /// <summary>[frames, groups × 16].</summary>
    public float* Minima => _minima.Pointer;

    /// <summary>Room for the codewords that may be nearest, of two frames.</summary>
    public int* Candidates => _candidates.Pointer;

    /// <summary>Residuals less the codebook's center, [frames, padded D].</summary>
    public float* Vectors => _vectors.Pointer;

    /// <summary>Residuals in eight bits, [frames, padded D], and eight bytes more.</summary>
    public sbyte* Bytes => _bytes.Pointer;

    /// <summary>The scales of <see cref="Bytes"/>, [frames].</summary>
    public ResidualScale* Scales => _scales.Pointer;

    /// <summary>The margins of a <see cref="Proposal"/>, [frames].</summary>
    public double* Margins => _margins.Pointer;

    /// <summary>Upper bounds of ‖r‖², [frames].</summary>
    public float* SquaredNorms => _squaredNorms.Pointer;

    /// <summary>The number of frames that are scored at once over a codebook of <paramref name="panelCount"/> panels.</summary>
    public static int Tile(int panelCount)
    {
        var scores = (long)panelCount * PanelLayout.PanelSize;
        return scores * MaxFrames <= TargetScores
            ? MaxFrames
            : (int)Math.Clamp(TargetScores / scores / MinFrames * MinFrames, MinFrames, MaxFrames);
    }
}
