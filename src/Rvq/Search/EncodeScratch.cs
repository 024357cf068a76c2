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
    private readonly AlignedBuffer<double> _products;
    private readonly AlignedBuffer<double> _sums;
    private readonly AlignedBuffer<double> _change;
    private readonly AlignedBuffer<nint> _offsets;
    private readonly AlignedBuffer<double> _norms;
    private readonly AlignedBuffer<double> _errors;
    private readonly AlignedBuffer<float> _exact;
    private readonly AlignedBuffer<float> _near;
    private AlignedBuffer<Half>? _halves;

    public EncodeScratch(RvqModel model, int beamWidth)
    {
        MaxFrames = FramesPerPass(model);
        FrameStride = Definition.PaddedLength(model.Dimensions);
        long residual = FrameStride, products = 0, sums = 0, change = 0;
        foreach (var stack in model.Stacks)
        {
            products = Math.Max(products, stack.InputProjection?.Table.PaddedOutputs ?? 0);
            residual = Math.Max(residual, Definition.PaddedLength(stack.Stages[0].Dimensions));
            long stackSums = 0;
            foreach (var stage in stack.Stages)
            {
                var padded = stage.SearchTable.Stride;
                stackSums += padded;
                change = Math.Max(change, padded);
                products = Math.Max(products, padded);
                residual = Math.Max(residual, padded);
            }

            sums = stack.IsProjected ? Math.Max(sums, stackSums) : sums;
        }

        _frames = new AlignedBuffer<float>((long)MaxFrames * FrameStride);
        _residual = new AlignedBuffer<float>(MaxFrames * residual);
        _codes = new AlignedBuffer<int>((long)MaxFrames / model.FramesPerBlock * model.CodesPerBlock);
        _products = new AlignedBuffer<double>(MaxFrames * products);
        _sums = new AlignedBuffer<double>(MaxFrames * sums);
        _change = new AlignedBuffer<double>(2 * change);
        _offsets = new AlignedBuffer<nint>(MaxFrames);
        _norms = new AlignedBuffer<double>(MaxFrames);
        _errors = new AlignedBuffer<double>(MaxFrames);
        _exact = new AlignedBuffer<float>(change);
        Beam = beamWidth > 1 ? new BeamScratch(model, beamWidth, MaxFrames) : null;
        _near = new AlignedBuffer<float>(MaxFrames * change);
    }

    /// <summary>The frames encoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>[MaxFrames, FrameStride], zero beyond the model's dimensions, only to be read: frames that lie so are taken where they are.</summary>
    public float* Frames { get; private set; }

    /// <summary>The residual or the projected residual of one stage.</summary>
    public float* Residual => _residual.Pointer;

    /// <summary>[blocks, CodesPerBlock].</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>Products of a projection, [MaxFrames, its padded outputs].</summary>
    public double* Products => _products.Pointer;

    /// <summary>The projected residuals of all stages, stage after stage.</summary>
    public double* Sums => _sums.Pointer;

    /// <summary>Room for one coupling and for the sum of several.</summary>
    public double* Change => _change.Pointer;

    /// <summary>‖x‖ of each frame.</summary>
    public double* Norms => _norms.Pointer;

    /// <summary>How far each projected residual may be from the one that defines the code.</summary>
    public double* Errors => _errors.Pointer;

    /// <summary>One projected residual as it is defined.</summary>
    public float* Exact => _exact.Pointer;

    /// <summary>Projected residuals that are only near those that define the codes; apart from <see cref="Residual"/>, which may hold the projected frames.</summary>
    public float* Near => _near.Pointer;

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
            Gather.Frames(source.Halves, rows, first, count, halves, FrameStride, Offsets);
            TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(halves, count * FrameStride), new Span<float>(Frames, count * FrameStride));
        }
        else if (Beam is null && rows.IsDense && rows.RowLength == FrameStride)
        {
            Frames = source.Floats + rows.Offset(first);
        }
        else
        {
            Gather.Frames(source.Floats, rows, first, count, Frames, FrameStride, Offsets);
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
        kernel.Project(table, Frames, FrameStride, frames, Products, Search);
        kernel.Round(table, Products, frames, Residual);
        return Residual;
    }

    public static int FramesPerPass(RvqModel model) => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);
}
