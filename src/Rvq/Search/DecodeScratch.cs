namespace Rvq.Search;

/// <summary>What one thread needs to decode blocks of codes with one model.</summary>
internal sealed unsafe class DecodeScratch
{
    private readonly AlignedBuffer<float> _frames;
    private readonly AlignedBuffer<float> _sum;
    private readonly AlignedBuffer<float> _row;
    private readonly AlignedBuffer<double> _products;
    private readonly AlignedBuffer<int> _codes;
    private readonly AlignedBuffer<nint> _offsets;

    public DecodeScratch(RvqModel model)
    {
        var frames = EncodeScratch.FramesPerPass(model);
        FrameStride = Definition.PaddedLength(model.Dimensions);
        long widest = FrameStride;
        foreach (var stack in model.Stacks)
        {
            widest = Math.Max(widest, Definition.PaddedLength(stack.Stages[0].Dimensions));
        }

        _frames = new AlignedBuffer<float>((long)frames * FrameStride);
        _sum = new AlignedBuffer<float>(frames * widest);
        _row = new AlignedBuffer<float>(widest);
        _products = new AlignedBuffer<double>(frames * widest);
        _codes = new AlignedBuffer<int>((long)frames / model.FramesPerBlock * model.CodesPerBlock);
        _offsets = new AlignedBuffer<nint>(frames);
    }

    public int FrameStride { get; }

    /// <summary>[frames, FrameStride].</summary>
    public float* Frames => _frames.Pointer;

    /// <summary>The sum of one stack, [frames, its padded dimensions].</summary>
    public float* Sum => _sum.Pointer;

    /// <summary>One projected codeword.</summary>
    public float* Row => _row.Pointer;

    /// <summary>Products of a projection.</summary>
    public double* Products => _products.Pointer;

    /// <summary>[blocks, CodesPerBlock].</summary>
    public int* Codes => _codes.Pointer;

    /// <summary>Where the frames of a pass begin.</summary>
    public nint* Offsets => _offsets.Pointer;

    public SearchScratch Search { get; } = new();
}
