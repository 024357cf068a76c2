namespace Rvq.Search;

/// <summary>What one thread needs to decode blocks of codes with one model.</summary>
internal sealed unsafe class DecodeScratch
{
    private const int TargetFrames = 48;

    private readonly AlignedBuffer<float> _frames;
    private readonly AlignedBuffer<float> _sum;
    private readonly AlignedBuffer<nint> _rows;
    private readonly AlignedBuffer<nint> _stageRows;
    private readonly AlignedBuffer<double> _products;
    private readonly AlignedBuffer<nint> _offsets;
    private readonly AlignedBuffer<double> _codewords;
    private readonly AlignedBuffer<Expansion> _expansions;
    private readonly AlignedBuffer<float> _expansionSums;

    public DecodeScratch(RvqModel model)
    {
        var frames = FramesPerPass(model);
        MaxFrames = frames;
        FrameStride = Definition.PaddedLength(model.Dimensions);
        long widest = FrameStride, codewords = 0;
        foreach (var stack in model.Stacks)
        {
            widest = Math.Max(widest, Definition.PaddedLength(stack.Stages[0].Dimensions));
            long stackCodewords = 0;
            foreach (var stage in stack.Stages)
            {
                stackCodewords += (long)frames / stage.Stride * stage.Codebook.RowStride;
            }

            codewords = stack.IsProjected ? Math.Max(codewords, stackCodewords) : codewords;
        }

        _frames = new AlignedBuffer<float>((long)frames * FrameStride);
        _sum = new AlignedBuffer<float>(frames * widest);
        _rows = new AlignedBuffer<nint>((long)frames / model.FramesPerBlock * model.CodesPerBlock);
        _stageRows = new AlignedBuffer<nint>(model.FramesPerBlock == 1 ? 0 : (long)frames * model.CodebookCount);
        _products = new AlignedBuffer<double>(frames * widest);
        _offsets = new AlignedBuffer<nint>(frames);
        _codewords = new AlignedBuffer<double>(codewords);
        _expansions = new AlignedBuffer<Expansion>(model.CodebookCount);
        _expansionSums = new AlignedBuffer<float>(Expansion.MostSums(frames));
    }

    /// <summary>The frames decoded at once, a multiple of the model's FramesPerBlock.</summary>
    public int MaxFrames { get; }

    public int FrameStride { get; }

    /// <summary>[frames, FrameStride].</summary>
    public float* Frames => _frames.Pointer;

    /// <summary>The sum of one stack, [frames, its padded dimensions].</summary>
    public float* Sum => _sum.Pointer;

    /// <summary>What the codes stand for, [blocks, CodesPerBlock].</summary>
    public float** Rows => (float**)_rows.Pointer;

    /// <summary>Those of a stack frame by frame, [frames, stages], where frames share codes.</summary>
    public float** StageRows => (float**)_stageRows.Pointer;

    /// <summary>Products of a projection.</summary>
    public double* Products => _products.Pointer;

    /// <summary>The codewords of a stack whose stages are projected, in binary64, stage after stage.</summary>
    public double* Codewords => _codewords.Pointer;

    /// <summary>The stages of such a stack.</summary>
    public Expansion* Expansions => _expansions.Pointer;

    /// <summary>Sums over those stages, of some outputs.</summary>
    public float* ExpansionSums => _expansionSums.Pointer;

    /// <summary>Where the frames of a pass begin.</summary>
    public nint* Offsets => _offsets.Pointer;

    /// <summary>So many that the weights of a projection, once read, serve several; so few that what becomes of them stays near.</summary>
    private static int FramesPerPass(RvqModel model) => Math.Max(model.FramesPerBlock, TargetFrames / model.FramesPerBlock * model.FramesPerBlock);

    public SearchScratch Search { get; } = new();
}
