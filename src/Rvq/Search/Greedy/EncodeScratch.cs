using System.Numerics.Tensors;

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

            projected = stack.IsProjected ? Math.Max(projected, stack.Projections.Column(stack.Stages.Length)) : projected;
        }

        _frames = new AlignedBuffer<float>((long)MaxFrames * FrameStride);
        _residual = new AlignedBuffer<float>(MaxFrames * residual);
        _codes = new AlignedBuffer<int>((long)MaxFrames / model.FramesPerBlock * model.CodesPerBlock);
        _projected = new AlignedBuffer<float>(MaxFrames * projected);
        _stageCodes = new AlignedBuffer<int>(projected > 0 ? MaxFrames : 0);
        _codewords = new AlignedBuffer<nint>(projected > 0 ? MaxFrames : 0);
        _offsets = new AlignedBuffer<nint>(MaxFrames);
        Beam = beamWidth > 1 ? new BeamScratch(model, beamWidth, MaxFrames) : null;
    }

    /// <summary>The frames encoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>[MaxFrames, FrameStride], zero beyond the model's dimensions, only to be read: frames that lie so are taken where they are.</summary>
    public float* Frames { get; private set; }

    /// <summary>The residual, or what one stage searches instead.</summary>
    public float* Residual => _residual.Pointer;

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

    public SearchScratch Search { get; } = new();

    /// <summary>
    /// Takes the frames of a pass: where they are if they can be read so, gathered if not; and always for a beam, which reads them several times and takes
    /// its bounds and scores to be of the same values, even if their owner changes them on another thread.
    /// </summary>
    public void Take(in FrameSource source, long first, int count)
    {
        var rows = source.Rows;
        Frames = _frames.Pointer;
        if (source.IsHalf)
        {
            var halves = (_halves ??= new AlignedBuffer<Half>(_frames.Length)).Pointer;
            FrameCopy.Gather(source.Halves, rows, first, count, halves, FrameStride, Offsets);
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(halves, count * FrameStride), new Span<float>(Frames, count * FrameStride));
        }
        else if (Beam is null && rows.IsDense && rows.RowLength == FrameStride)
        {
            Frames = source.Floats + rows.Offset(first);
        }
        else
        {
            FrameCopy.Gather(source.Floats, rows, first, count, Frames, FrameStride, Offsets);
        }
    }

    /// <summary>The frames as a stack takes them, [frames, stride]: through its input projection into the residual, or as they are.</summary>
    public float* Project(Kernel kernel, ResidualStack stack, int frames, out int stride)
    {
        if (stack.InputProjection?.Table is not { } table)
        {
            stride = FrameStride;
            return Frames;
        }

        stride = table.PaddedOutputs;
        kernel.Projector.Project(table, stride, Frames, FrameStride, frames, Residual, stride);
        return Residual;
    }

    public static int FramesPerPass(RvqModel model) => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);
}
