using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Room for the scores of one tile of frames; grows to what the largest codebook needs and stays there.</summary>
internal sealed unsafe class SearchScratch
{
    // 48 is a multiple of every kernel's frames per tile; the scores of a tile should stay in L2.
    public const int MaxFrames = 48;
    private const int MinFrames = 12;
    private const int TargetScores = 64 * 1024;

    private AlignedBuffer<float> _scores = new(0);
    private AlignedBuffer<float> _minima = new(0);
    private AlignedBuffer<int> _candidates = new(0);
    private AlignedBuffer<float> _vectors = new(0);
    private AlignedBuffer<sbyte> _bytes = new(0);
    private readonly AlignedBuffer<ResidualScale> _scales = new(MaxFrames);
    private readonly AlignedBuffer<double> _margins = new(MaxFrames);
    private readonly AlignedBuffer<float> _squaredNorms = new(MaxFrames);

    /// <summary>[frames, panels × 16].</summary>
    public float* Scores => _scores.Pointer;

    /// <summary>[frames, groups × 16].</summary>
    public float* Minima => _minima.Pointer;

    /// <summary>The codewords that may be nearest, for two frames.</summary>
    public int* Candidates => _candidates.Pointer;

    /// <summary>Residuals less the codebook's center, [frames, table.Stride].</summary>
    public float* Vectors => _vectors.Pointer;

    /// <summary>Residuals in eight bits, [frames, table.Stride].</summary>
    public sbyte* Bytes => _bytes.Pointer;

    /// <summary>The scales of <see cref="Bytes"/>, [frames].</summary>
    public ResidualScale* Scales => _scales.Pointer;

    /// <summary>What each codeword has of the spread in <see cref="Scales"/>, or null where the margins cover all.</summary>
    public float* Weights { get; set; }

    /// <summary>The codebook's center, or null where it has none.</summary>
    public float* Center { get; set; }

    /// <summary>How far beyond the smallest score a codeword may still be the code, [frames].</summary>
    public double* Margins => _margins.Pointer;

    /// <summary>Upper bounds of ‖r‖², [frames].</summary>
    public float* SquaredNorms => _squaredNorms.Pointer;

    /// <summary>Makes room for a codebook and says how many frames it takes at once.</summary>
    public int Prepare(SearchTable table)
    {
        var scores = table.PanelCount * PanelLayout.PanelSize;
        var frames = (long)scores * MaxFrames <= TargetScores ? MaxFrames : Math.Clamp(TargetScores / scores / MinFrames * MinFrames, MinFrames, MaxFrames);
        Grow(ref _scores, (long)frames * scores);
        Grow(ref _minima, (long)frames * PanelLayout.GroupCount(table.PanelCount) * PanelLayout.PanelSize);
        Grow(ref _candidates, 2L * table.Size);
        Grow(ref _vectors, (long)frames * table.Stride);
        Grow(ref _bytes, ((long)frames * table.Stride) + sizeof(long));
        return frames;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Grow<T>(ref AlignedBuffer<T> buffer, long length)
        where T : unmanaged
    {
        if (buffer.Length < length)
        {
            buffer = new AlignedBuffer<T>(length);
        }
    }
}
