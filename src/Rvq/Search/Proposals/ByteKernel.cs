namespace Rvq.Search;

/// <summary>Scores large codebooks in eight bits, or six for a single frame; the others as its base does, where bytes would only add work.</summary>
internal sealed class ByteKernel<TDot, TFloat, TDouble>(string name) : FloatKernel<TFloat, TDouble>(name)
    where TDot : struct, IByteDot
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int MinDimensions = 32;
    private const int MinSize = 64;

    public override bool IsSupported => base.IsSupported && TDot.IsSupported;

    public override void Prepare(SearchTable table)
    {
        if (!Suits(table, BytePanels.MaxDimensions))
        {
            base.Prepare(table);
            return;
        }

        GC.KeepAlive(Suits(table, SixBitPanels.MaxDimensions) ? table.SixBitPanels : table.BytePanels);
    }

    protected override unsafe void Propose(SearchTable table, float* vectors, int frames, SearchScratch scratch)
    {
        if (!Suits(table, BytePanels.MaxDimensions))
        {
            base.Propose(table, vectors, frames, scratch);
            return;
        }

        var panels = table.BytePanels;
        Quantize(table, panels.Center, vectors, frames, panels.Bound, scratch);
        scratch.Weights = panels.Weights;
        ByteScores<TDot>.Score(panels, scratch.Bytes, scratch.Scales, frames, scratch.Scores, scratch.Minima);
    }

    protected override unsafe void ProposeOne(SearchTable table, float* vector, SearchScratch scratch)
    {
        if (!Suits(table, SixBitPanels.MaxDimensions))
        {
            Propose(table, vector, 1, scratch);
            return;
        }

        var panels = table.SixBitPanels;
        Quantize(table, panels.Bytes.Center, vector, 1, panels.Bound, scratch);
        scratch.Weights = panels.Bytes.Scales;

        // Dimensions come in groups of sixteen there, in eights elsewhere.
        *(long*)(scratch.Bytes + table.Stride) = 0;
        SixBitScores<TDot>.Score(panels, scratch.Bytes, scratch.Scales, scratch.Scores, scratch.Minima);
    }

    private static bool Suits(SearchTable table, int mostDimensions)
        => table.Dimensions >= MinDimensions && table.Dimensions <= mostDimensions && table.Size >= MinSize;

    /// <summary>Fills the scratch's bytes, scales and margins.</summary>
    private static unsafe void Quantize(SearchTable table, float* center, float* vectors, int frames, ByteErrorBound bound, SearchScratch scratch)
    {
        vectors = Centered(table, center, vectors, frames, scratch);
        for (nint frame = 0; frame < frames; frame++)
        {
            var (scale, sum, peak, norm, error) = ResidualBytes.Quantize(
                vectors + (frame * table.Stride), table.Stride, TDot.Levels, scratch.Bytes + (frame * table.Stride));
            (var spread, scratch.Margins[frame]) = bound.For(peak, norm, error);
            scratch.Scales[frame] = new ResidualScale(scale, spread, -BytePanels.Offset * sum);
        }
    }
}
