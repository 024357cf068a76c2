namespace Rvq.Search;

/// <summary>What one thread needs for a beam search with one model.</summary>
internal sealed unsafe class BeamScratch
{
    private const int TargetStacks = 960;

    private readonly AlignedBuffer<float> _even;
    private readonly AlignedBuffer<float> _odd;
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
        var stages = 0;
        foreach (var stack in model.Stacks)
        {
            var count = 1;
            foreach (var stage in stack.Stages)
            {
                largest = Math.Max(largest, (long)count * stage.Codebook.Size);
                stride = Math.Max(stride, stage.SearchTable.Stride);
                count = Kept(count, stage.SearchTable, beamWidth);
                Width = Math.Max(Width, count);
            }

            stages = Math.Max(stages, stack.Stages.Length);
        }

        MaxFrames = Math.Clamp(TargetStacks / Width, 1, mostFrames);
        StacksPerStage = (long)MaxFrames * Width;
        _even = new AlignedBuffer<float>(StacksPerStage * stride);
        _odd = new AlignedBuffer<float>(StacksPerStage * stride);
        _lost = new AlignedBuffer<float>(MaxFrames * stride);
        _parents = new AlignedBuffer<int>(StacksPerStage * stages);
        _codes = new AlignedBuffer<int>(StacksPerStage * stages);
        _lostCodes = new AlignedBuffer<int>((long)MaxFrames * stages);
        _greedy = new AlignedBuffer<int>(2L * MaxFrames);
        _lostFrames = new AlignedBuffer<int>(MaxFrames);
        _errors = new AlignedBuffer<double>(MaxFrames);
        Shortlist = new BeamShortlist(Width, checked((int)Math.Min(largest, int.MaxValue)));
    }

    /// <summary>The most partial stacks that a frame can have.</summary>
    public int Width { get; }

    /// <summary>The frames searched at once.</summary>
    public int MaxFrames { get; }

    private long StacksPerStage { get; }

    /// <summary>Residuals after a stage, [frames, partial stacks, stride]; those of the stage before stay.</summary>
    public float* Residuals(int stage) => (stage % 2 == 0 ? _even : _odd).Pointer;

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

    public BeamShortlist Shortlist { get; }

    /// <summary>Which partial stack each one after a stage extends, [frames, Width].</summary>
    public int* Parents(int stage) => _parents.Pointer + (stage * StacksPerStage);

    /// <summary>With which code, likewise.</summary>
    public int* Codes(int stage) => _codes.Pointer + (stage * StacksPerStage);

    /// <summary>Writes the codes of a partial stack of a frame after a stage.</summary>
    public void Trace(int stage, int frame, int index, int* codes)
    {
        for (; stage >= 0; stage--)
        {
            codes[stage] = Codes(stage)[((nint)frame * Width) + index];
            index = Parents(stage)[((nint)frame * Width) + index];
        }
    }

    /// <summary>The partial stacks of a frame after a stage that has <paramref name="count"/> before it.</summary>
    public static int Kept(int count, SearchTable table, int beamWidth) => (int)Math.Min((long)count * table.DistinctSize, beamWidth);
}
