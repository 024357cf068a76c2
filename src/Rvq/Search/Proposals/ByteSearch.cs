namespace Rvq.Search;

/// <summary>Scores in eight bits, or in six for a single vector.</summary>
internal sealed unsafe class ByteSearch<TByte, TFloat, TDouble> : ProposingSearch<TFloat, TDouble>
    where TByte : struct, IByteLanes<TByte>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    // Below these, quantizing a residual costs more than bytes save.
    private const int MinDimensions = 32;
    private const int MinSize = 64;

    private readonly BytePanels _panels;
    private readonly SixBitPanels? _sixBitPanels;

    public ByteSearch(SearchTable table)
        : base(table)
    {
        _panels = table.BytePanels(TByte.Form);
        _sixBitPanels = table.Dimensions <= SixBitPanels.MaxDimensions ? table.SixBitPanels(TByte.Form) : null;
    }

    /// <summary>Whether bytes are faster than float32.</summary>
    public static bool Suits(SearchTable table)
        => table.Dimensions is >= MinDimensions and <= BytePanels.MaxDimensions && table.Size >= MinSize;

    public override Proposal Propose(float* vectors, int count, SearchScratch scratch)
    {
        Quantize(vectors, count, _panels.Bound, scratch);
        ByteScores<TByte>.Score(_panels, scratch.Bytes, scratch.Scales, count, scratch.Scores, scratch.Minima);
        return Proposed(_panels.Weights, scratch);
    }

    public override Proposal ProposeOne(float* vector, SearchScratch scratch)
    {
        if (_sixBitPanels is not { } panels)
        {
            return Propose(vector, 1, scratch);
        }

        Quantize(vector, 1, panels.Bound, scratch);

        // Rows are padded to a multiple of eight dimensions, groups in six bits have sixteen.
        *(long*)(scratch.Bytes + Table.Stride) = 0;
        SixBitScores<TByte>.Score(panels, scratch.Bytes, scratch.Scales, scratch.Scores, scratch.Minima);
        return Proposed(_panels.Scales, scratch);
    }

    private Proposal Proposed(float* weights, SearchScratch scratch) => new()
    {
        Scores = scratch.Scores,
        Minima = scratch.Minima,
        Margins = scratch.Margins,
        Scales = scratch.Scales,
        Weights = weights,
        Center = _panels.Center,
    };

    /// <summary>Fills the scratch's bytes, scales and margins.</summary>
    private void Quantize(float* vectors, int count, ByteErrorBound bound, SearchScratch scratch)
    {
        vectors = Centered(_panels.Center, vectors, count, scratch);
        for (nint i = 0; i < count; i++)
        {
            var (scale, sum, peak, norm, error) = ResidualBytes<TByte, TFloat>.Quantize(
                vectors + (i * Table.Stride), Table.Stride, scratch.Bytes + (i * Table.Stride));
            (var spread, scratch.Margins[i]) = bound.For(peak, norm, error);
            scratch.Scales[i] = new ResidualScale(scale, spread, -_panels.Offset * sum);
        }
    }
}
