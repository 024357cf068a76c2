namespace Rvq.Search;

/// <summary>What one thread needs to decode blocks of codes with one model.</summary>
internal sealed unsafe class DecodeScratch
{
    // Enough frames to use each read of a projection's weights often; few enough that their sums stay in L2.
    private const int TargetFrames = 48;

    private readonly AlignedBuffer<float> _frames;
    private readonly AlignedBuffer<float> _sum;
    private readonly AlignedBuffer<nint> _rows;
    private readonly AlignedBuffer<nint> _stageRows;
    private readonly AlignedBuffer<float> _panelSums;
    private readonly AlignedBuffer<float> _runs;

    public DecodeScratch(RvqModel model)
    {
        var frames = FramesPerPass(model);
        MaxFrames = frames;
        FrameStride = Definition.PaddedLength(model.Dimensions);
        long widest = FrameStride;
        foreach (var stack in model.Stacks)
        {
            widest = Math.Max(widest, Definition.PaddedLength(stack.Stages[0].Dimensions));
        }

        _frames = new AlignedBuffer<float>((long)frames * FrameStride);
        _sum = new AlignedBuffer<float>(frames * widest);
        _rows = new AlignedBuffer<nint>((long)frames / model.FramesPerBlock * model.CodesPerBlock);
        _stageRows = new AlignedBuffer<nint>((long)frames * model.CodebookCount);
        _panelSums = new AlignedBuffer<float>(2L * frames * Projector.MaxOutputsAtOnce);
        _runs = new AlignedBuffer<float>((long)Projector.WholeTiles(frames) * model.CodebookCount * Projector.Run);
    }

    /// <summary>The frames decoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>[frames, FrameStride].</summary>
    public float* Frames => _frames.Pointer;

    /// <summary>The sum of one stack, [frames, its padded dimensions].</summary>
    public float* Sum => _sum.Pointer;

    /// <summary>The vectors of the codes, [blocks, CodesPerBlock].</summary>
    public float** Rows => (float**)_rows.Pointer;

    /// <summary>The vectors of the codes of one stack in another order: frame by frame, or stage by stage.</summary>
    public float** StageRows => (float**)_stageRows.Pointer;

    /// <summary>
    /// Sums over the stages of a stack of some outputs, and the terms of one stage, each [frames,
    /// <see cref="Projector.MaxOutputsAtOnce"/>].
    /// </summary>
    public float* PanelSums => _panelSums.Pointer;

    /// <summary>Codewords of eight values, [stages, frames up to whole tiles, 8].</summary>
    public float* Runs => _runs.Pointer;

    private static int FramesPerPass(RvqModel model)
        => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);
}
