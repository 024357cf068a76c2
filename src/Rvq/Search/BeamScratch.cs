namespace Rvq.Search;

/// <summary>What one thread needs for a beam search with one model.</summary>
internal sealed unsafe class BeamScratch
{
    private const int TargetStacks = 960;

    private readonly AlignedBuffer<float>[] _residuals;
    private readonly AlignedBuffer<double>[] _halfNorms;
    private readonly AlignedBuffer<nint> _vectors;
    private readonly int[] _counts;
    private readonly AlignedBuffer<float> _lost;
    private readonly AlignedBuffer<int> _parents;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<int> _lostCodes;
    private readonly AlignedBuffer<int> _greedy;
    private readonly AlignedBuffer<int> _lostFrames;
    private readonly AlignedBuffer<double> _errors;

    public BeamScratch(RvqModel model, int beamWidth, int mostFrames)
    {
        long largest = 0, stride = 0;
        var (stages, depth, panels) = (0, 0, 0);
        foreach (var stack in model.Stacks)
        {
            var count = 1;
            foreach (var stage in stack.Stages)
            {
                largest = Math.Max(largest, (long)count * stage.Codebook.Size);
                stride = Math.Max(stride, stage.SearchTable.Stride);
                panels = Math.Max(panels, stage.SearchTable.PanelCount);
                count = Kept(count, stage.SearchTable, beamWidth);
                Width = Math.Max(Width, count);
            }

            stages = Math.Max(stages, stack.Stages.Length);
            depth = Math.Max(depth, stack.Products.Depth);
        }

        MaxFrames = Math.Clamp(TargetStacks / Width, 1, mostFrames);
        StacksPerStage = (long)MaxFrames * Width;
        _residuals = new AlignedBuffer<float>[depth + 2];
        _halfNorms = new AlignedBuffer<double>[depth + 2];
        for (var i = 0; i < _residuals.Length; i++)
        {
            _residuals[i] = new AlignedBuffer<float>(StacksPerStage * stride);
            _halfNorms[i] = new AlignedBuffer<double>(StacksPerStage);
        }

        _vectors = new AlignedBuffer<nint>(StacksPerStage);
        _counts = new int[stages + 1];
        _lost = new AlignedBuffer<float>(MaxFrames * stride);
        _parents = new AlignedBuffer<int>(StacksPerStage * stages);
        _codes = new AlignedBuffer<int>(StacksPerStage * stages);
        _lostCodes = new AlignedBuffer<int>((long)MaxFrames * stages);
        _greedy = new AlignedBuffer<int>(2L * MaxFrames);
        _lostFrames = new AlignedBuffer<int>(MaxFrames);
        _errors = new AlignedBuffer<double>(MaxFrames);
        Shortlist = new BeamShortlist(Width, checked((int)Math.Min(largest, int.MaxValue)));
        OtherShortlist = new BeamShortlist(Width, checked((int)Math.Min(largest, int.MaxValue)));
        Families = new BeamFamilies(Width, depth, stride, panels);
    }

    /// <summary>The most partial stacks that a frame can have.</summary>
    public int Width { get; }

    /// <summary>The frames searched at once.</summary>
    public int MaxFrames { get; }

    private long StacksPerStage { get; }

    /// <summary>The partial stacks of so many codes that every frame has.</summary>
    public int Count(int codes) => _counts[codes];

    /// <summary>Their residuals, [frames, Count, stride]; those of a few codes less stay.</summary>
    public float* Residuals(int codes) => _residuals[codes % _residuals.Length].Pointer;

    /// <summary>Room for the addresses of all residuals.</summary>
    public nint* Vectors => _vectors.Pointer;

    /// <summary>½⟨r, r⟩ of the residuals, [frames, Count].</summary>
    public double* HalfNorms(int codes) => _halfNorms[codes % _halfNorms.Length].Pointer;

    /// <summary>Residuals of greedy stacks that have left the beam, [frames, stride].</summary>
    public float* Lost => _lost.Pointer;

    /// <summary>The frames of <see cref="Lost"/>.</summary>
    public int* LostFrames => _lostFrames.Pointer;

    /// <summary>The codes of <see cref="Lost"/>, [frames, stages].</summary>
    public int* LostCodes => _lostCodes.Pointer;

    /// <summary>Which partial stack is the greedy one before a stage, [frames]; what it is before the next stage is apart.</summary>
    public int* Greedy(int stage) => _greedy.Pointer + (stage % 2 * MaxFrames);

    /// <summary>The final errors, [frames].</summary>
    public double* Errors => _errors.Pointer;

    /// <summary>The extensions of the frame that is looked at.</summary>
    public BeamShortlist Shortlist { get; private set; }

    /// <summary>Those of the frame before, whose codewords arrive meanwhile.</summary>
    public BeamShortlist OtherShortlist { get; private set; }

    public BeamFamilies Families { get; }

    /// <summary>Which partial stack each one after a stage extends, [frames, Width].</summary>
    public int* Parents(int stage) => _parents.Pointer + (stage * StacksPerStage);

    /// <summary>With which code, likewise.</summary>
    public int* Codes(int stage) => _codes.Pointer + (stage * StacksPerStage);

    /// <summary>Begins with a frame; the extensions of the one before stay.</summary>
    public void BeginFrame()
    {
        (Shortlist, OtherShortlist) = (OtherShortlist, Shortlist);
        Shortlist.Begin();
    }

    /// <summary>Writes the codes of a partial stack of a frame after a stage.</summary>
    public void Trace(int stage, int frame, int index, int* codes)
    {
        for (; stage >= 0; stage--)
        {
            codes[stage] = Codes(stage)[((nint)frame * Width) + index];
            index = Parents(stage)[((nint)frame * Width) + index];
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

    /// <summary>The partial stacks of a frame after a stage that has <paramref name="count"/> before it.</summary>
    private static int Kept(int count, SearchTable table, int beamWidth) => (int)Math.Min((long)count * table.DistinctSize, beamWidth);
}
