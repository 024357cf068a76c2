namespace Rvq.Search;

/// <summary>What one thread needs to encode blocks of frames with one model.</summary>
internal sealed unsafe class EncodeScratch
{
    // Enough frames to use each read of a codebook into L2 often.
    private const int TargetFrames = 4 * SearchScratch.MaxFrames;

    private readonly AlignedBuffer<float> _frames;
    private readonly AlignedBuffer<float> _residual;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<float> _projected;
    private readonly AlignedBuffer<int> _stageCodes;
    private readonly AlignedBuffer<nint> _codewords;
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
        Search = new SearchScratch(model.Stages);
        Beam = beamWidth > 1 ? new BeamScratch(model, beamWidth, MaxFrames) : null;
    }

    /// <summary>The frames encoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>
    /// The frames of the pass, [frames, FrameStride], padded with zeros: in <see cref="Gathered"/>, or the caller's memory, which is only
    /// read.
    /// </summary>
    public float* Frames { get; set; }

    /// <summary>Memory for gathered frames, [MaxFrames, FrameStride].</summary>
    public float* Gathered => _frames.Pointer;

    /// <summary>Memory for gathered float16 frames, [MaxFrames, FrameStride].</summary>
    public Half* GatheredHalves => (_halves ??= new AlignedBuffer<Half>(_frames.Length)).Pointer;

    /// <summary>The residuals, or the projections of them that one stage searches.</summary>
    public float* Residuals => _residual.Pointer;

    /// <summary>[blocks, CodesPerBlock].</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>
    /// The projections of each frame that the stages of a stack search, [MaxFrames, all columns of <see cref="StageProjections"/>].
    /// </summary>
    public float* Projected => _projected.Pointer;

    /// <summary>The codes of one stage.</summary>
    public int* StageCodes => _stageCodes.Pointer;

    /// <summary>The codewords of <see cref="StageCodes"/>.</summary>
    public float** Codewords => (float**)_codewords.Pointer;

    /// <summary>Further memory for a beam search; null for a greedy one.</summary>
    public BeamScratch? Beam { get; }

    public SearchScratch Search { get; }

    public static int FramesPerPass(RvqModel model)
        => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);
}
