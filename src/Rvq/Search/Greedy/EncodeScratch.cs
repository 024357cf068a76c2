namespace Rvq.Search;

/// <summary>What one thread needs to encode blocks of frames with one model.</summary>
internal sealed unsafe class EncodeScratch
{
    // Enough frames that a codebook, once read into the nearest cache, serves many of them.
    private const int TargetFrames = 4 * SearchScratch.MaxFrames;

    private readonly AlignedBuffer<float> _frames;
    private readonly AlignedBuffer<float> _residual;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<float> _projected;
    private readonly AlignedBuffer<int> _stageCodes;
    private readonly AlignedBuffer<nint> _codewords;
    private readonly AlignedBuffer<nint> _offsets;
    private AlignedBuffer<Half>? _halves;

    public EncodeScratch(RvqModel model, int beamWidth)
    {
        MaxFrames = FramesPerPass(model);
        FrameStride = Definition.PaddedLength(model.Dimensions);
        long residual = FrameStride, projected = 0;
        foreach (var stack in model.Stacks)
        {
            residual = Math.Max(residual, Definition.PaddedLength(stack.Stages[0].Dimensions));
            foreach (var stage in stack.Stages)
            {
                residual = Math.Max(residual, stage.Codebook.RowStride);
            }

            projected = stack.IsPlain ? projected : Math.Max(projected, stack.Tables.Projections.Column(stack.Stages.Length));
        }

        _frames = new AlignedBuffer<float>((long)MaxFrames * FrameStride);
        _residual = new AlignedBuffer<float>(MaxFrames * residual);
        _codes = new AlignedBuffer<int>((long)MaxFrames / model.FramesPerBlock * model.CodesPerBlock);
        _projected = new AlignedBuffer<float>(MaxFrames * projected);
        _stageCodes = new AlignedBuffer<int>(projected > 0 ? MaxFrames : 0);
        _codewords = new AlignedBuffer<nint>(projected > 0 ? MaxFrames : 0);
        _offsets = new AlignedBuffer<nint>(MaxFrames);
        Search = new SearchScratch(model.Stages);
        Beam = beamWidth > 1 ? new BeamScratch(model, beamWidth, MaxFrames) : null;
    }

    /// <summary>The frames encoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>The frames of the pass, [frames, FrameStride], zero beyond the model's dimensions, only to be read: in <see cref="Gathered"/> or where the caller has them.</summary>
    public float* Frames { get; set; }

    /// <summary>Memory for gathered frames, [MaxFrames, FrameStride].</summary>
    public float* Gathered => _frames.Pointer;

    /// <summary>Memory for gathered float16 frames, likewise.</summary>
    public Half* GatheredHalves => (_halves ??= new AlignedBuffer<Half>(_frames.Length)).Pointer;

    /// <summary>The residuals, or what one stage searches instead.</summary>
    public float* Residuals => _residual.Pointer;

    /// <summary>[blocks, CodesPerBlock].</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>What the stages of a stack search of each frame, [MaxFrames, all columns of <see cref="StageProjections"/>].</summary>
    public float* Projected => _projected.Pointer;

    /// <summary>The codes of one stage.</summary>
    public int* StageCodes => _stageCodes.Pointer;

    /// <summary>What they stand for.</summary>
    public float** Codewords => (float**)_codewords.Pointer;

    /// <summary>Where the frames of a pass begin.</summary>
    public nint* Offsets => _offsets.Pointer;

    /// <summary>What a beam search needs besides, or null for a greedy one.</summary>
    public BeamScratch? Beam { get; }

    public SearchScratch Search { get; }

    public static int FramesPerPass(RvqModel model) => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);
}
