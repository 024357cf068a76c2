namespace Rvq.Search;

/// <summary>What one thread needs for a beam search with one model.</summary>
internal sealed unsafe class BeamScratch
{
    private const int TargetStacks = 960;

    private readonly AlignedBuffer<float>[] _residuals;
    private readonly AlignedBuffer<double>[] _halfNorms;
    private readonly AlignedBuffer<nint> _vectors;
    private readonly AlignedBuffer<int> _parents;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<int> _greedy;
    private readonly AlignedBuffer<int> _greedyCodes;
    private readonly int[] _counts;

    public BeamScratch(RvqModel model, int beamWidth, int mostFrames)
    {
        long largest = 0, stride = 0;
        var (stages, depth, size) = (0, 0, 0);
        foreach (var stack in model.Stacks)
        {
            var count = 1;
            foreach (var stage in stack.Stages)
            {
                largest = Math.Max(largest, (long)count * stage.Codebook.Size);
                stride = Math.Max(stride, stage.SearchTable.Stride);
                size = Math.Max(size, stage.Codebook.Size);
                count = Kept(count, stage.SearchTable, beamWidth);
                Width = Math.Max(Width, count);
            }

            stages = Math.Max(stages, stack.Stages.Length);
            depth = Math.Max(depth, stack.Tables.Products.Depth);
        }

        MaxFrames = Math.Clamp(TargetStacks / Width, 1, mostFrames);
        StacksPerStage = (long)MaxFrames * (Width + 1);
        _residuals = new AlignedBuffer<float>[depth + 2];
        _halfNorms = new AlignedBuffer<double>[depth + 2];
        for (var i = 0; i < _residuals.Length; i++)
        {
            _residuals[i] = new AlignedBuffer<float>(StacksPerStage * stride);
            _halfNorms[i] = new AlignedBuffer<double>(StacksPerStage);
        }

        _vectors = new AlignedBuffer<nint>(Width + 1);
        _parents = new AlignedBuffer<int>(StacksPerStage * stages);
        _codes = new AlignedBuffer<int>(StacksPerStage * stages);
        _greedy = new AlignedBuffer<int>(2L * MaxFrames);
        _greedyCodes = new AlignedBuffer<int>(stages);
        _counts = new int[stages + 1];
        Shortlist = new BeamShortlist(Width, checked((int)Math.Min(largest, int.MaxValue)), size);
        OtherShortlist = new BeamShortlist(Width, checked((int)Math.Min(largest, int.MaxValue)), size);
        Families = new BeamFamilies(Width, depth, stride, PanelLayout.PanelCount(size));
    }

    /// <summary>The most partial stacks that are kept of a frame.</summary>
    public int Width { get; }

    /// <summary>The frames searched at once.</summary>
    public int MaxFrames { get; }

    /// <summary>The extensions of the frame that is looked at.</summary>
    public BeamShortlist Shortlist { get; private set; }

    /// <summary>Those of the frame before, whose codewords arrive meanwhile.</summary>
    public BeamShortlist OtherShortlist { get; private set; }

    public BeamFamilies Families { get; }

    /// <summary>Room for the addresses of a frame's residuals.</summary>
    public nint* Vectors => _vectors.Pointer;

    private long StacksPerStage { get; }

    /// <summary>The partial stacks of so many codes that are kept of every frame, in lexicographic order.</summary>
    public int Count(int codes) => _counts[codes];

    /// <summary>
    /// Their residuals, and after them that of the greedy stack where it is none of them, [frames, Count + 1, stride]; those of a few codes less stay.
    /// </summary>
    public float* Residuals(int codes) => _residuals[codes % _residuals.Length].Pointer;

    /// <summary>½⟨r, r⟩ of the residuals, [frames, Count + 1].</summary>
    public double* HalfNorms(int codes) => _halfNorms[codes % _halfNorms.Length].Pointer;

    /// <summary>
    /// Which partial stack of so many codes is the greedy one, [frames]: Count where it is beside the kept ones. Those of one code less stay.
    /// </summary>
    public int* Greedy(int codes) => _greedy.Pointer + (codes % 2 * MaxFrames);

    /// <summary>Which partial stack each one after a stage extends, Width + 1 for each frame.</summary>
    public int* Parents(int stage, int frame) => _parents.Pointer + (stage * StacksPerStage) + ((nint)frame * (Width + 1));

    /// <summary>With which code, likewise.</summary>
    public int* Codes(int stage, int frame) => _codes.Pointer + (stage * StacksPerStage) + ((nint)frame * (Width + 1));

    /// <summary>Room for the codes of a greedy stack.</summary>
    public Span<int> GreedyCodes(int stages) => _greedyCodes.Span[..stages];

    /// <summary>Writes the codes of a partial stack of a frame after a stage.</summary>
    public void Trace(int stage, int frame, int index, Span<int> codes)
    {
        for (; stage >= 0; stage--)
        {
            codes[stage] = Codes(stage, frame)[index];
            index = Parents(stage, frame)[index];
        }
    }

    /// <summary>Begins with the stages of a stack.</summary>
    public void Begin(ReadOnlySpan<Stage> stages, int beamWidth)
    {
        _counts[0] = 1;
        for (var m = 0; m < stages.Length; m++)
        {
            _counts[m + 1] = Kept(_counts[m], stages[m].SearchTable, beamWidth);
        }
    }

    /// <summary>Begins with a frame; the extensions of the one before stay.</summary>
    public void BeginFrame()
    {
        (Shortlist, OtherShortlist) = (OtherShortlist, Shortlist);
        Shortlist.Begin();
    }

    /// <summary>The partial stacks of a frame after a stage that has <paramref name="count"/> before it.</summary>
    private static int Kept(int count, SearchTable table, int beamWidth) => (int)Math.Min((long)count * table.DistinctSize, beamWidth);
}
