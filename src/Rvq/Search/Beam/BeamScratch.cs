namespace Rvq.Search;

/// <summary>The memory of one thread for a beam search with one model.</summary>
internal sealed unsafe class BeamScratch
{
    // Partial stacks of all frames at once: enough to use each read of panels for many frames; their residuals stay in L2 or L3.
    private const int TargetStacks = 960;

    private readonly AlignedBuffer<float>[] _residuals;
    private readonly AlignedBuffer<double>[] _halfNorms;
    private readonly AlignedBuffer<nint> _vectors;
    private readonly AlignedBuffer<int> _parents;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<int> _greedy;
    private readonly AlignedBuffer<int> _greedyCodes;
    private readonly int[] _counts;

    public BeamScratch(RvqModel model, int beamWidth, int maxFrames)
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

        MaxFrames = Math.Clamp(TargetStacks / Width, 1, maxFrames);
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

    /// <summary>The list of extensions of the current frame.</summary>
    public BeamShortlist Shortlist { get; private set; }

    /// <summary>The list of extensions of the frame before, whose codewords are being prefetched.</summary>
    public BeamShortlist OtherShortlist { get; private set; }

    public BeamFamilies Families { get; }

    /// <summary>Room for the addresses of a frame's residuals.</summary>
    public nint* Vectors => _vectors.Pointer;

    private long StacksPerStage { get; }

    /// <summary>
    /// The number of partial stacks of <paramref name="codes"/> codes that are kept of every frame, in lexicographic order.
    /// </summary>
    public int Count(int codes) => _counts[codes];

    /// <summary>
    /// The residuals of the partial stacks of <paramref name="codes"/> codes, and after them that of the greedy stack where it is none of
    /// them, [frames, Count + 1, stride]. Those of a few codes less stay valid.
    /// </summary>
    public float* Residuals(int codes) => _residuals[codes % _residuals.Length].Pointer;

    /// <summary>½⟨r, r⟩ of the residuals, [frames, Count + 1].</summary>
    public double* HalfNorms(int codes) => _halfNorms[codes % _halfNorms.Length].Pointer;

    /// <summary>
    /// The index of the greedy stack among the partial stacks of <paramref name="codes"/> codes, [frames]: Count where it is none of the
    /// kept ones. Those of one code less stay valid.
    /// </summary>
    public int* Greedy(int codes) => _greedy.Pointer + (codes % 2 * MaxFrames);

    /// <summary>The index of the partial stack that each partial stack after a stage extends; room for Width + 1 of each frame.</summary>
    public int* Parents(int stage, int frame) => _parents.Pointer + (stage * StacksPerStage) + ((nint)frame * (Width + 1));

    /// <summary>The code by which each partial stack after a stage extends its parent; room for Width + 1 of each frame.</summary>
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

    /// <summary>Begins with a frame; the list of the frame before becomes <see cref="OtherShortlist"/>.</summary>
    public void BeginFrame()
    {
        (Shortlist, OtherShortlist) = (OtherShortlist, Shortlist);
        Shortlist.Begin();
    }

    /// <summary>The number of partial stacks that are kept of a frame after a stage, from <paramref name="count"/> before it.</summary>
    private static int Kept(int count, SearchTable table, int beamWidth) => (int)Math.Min((long)count * table.DistinctSize, beamWidth);
}
