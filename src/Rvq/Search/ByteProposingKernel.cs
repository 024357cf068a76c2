namespace Rvq.Search;

/// <summary>Scores large codebooks in eight bits; the others as its base does, where bytes would only add work.</summary>
internal sealed class ByteProposingKernel<TDot, TFloat, TDouble>(string name) : ProposingKernel<TFloat, TDouble>(name)
    where TDot : struct, IByteDot
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int MinDimensions = 32;
    private const int MinSize = 64;

    public override bool IsSupported => base.IsSupported && TDot.IsSupported;

    protected override unsafe void Propose(SearchTable table, float* vectors, int frames, SearchScratch scratch)
    {
        if (table.Dimensions is < MinDimensions or > BytePanels.MaxDimensions || table.Size < MinSize)
        {
            base.Propose(table, vectors, frames, scratch);
            return;
        }

        var panels = table.BytePanels;
        vectors = Centered(table, panels.Center, vectors, frames, scratch);
        for (var frame = 0; frame < frames; frame++, vectors += table.Stride)
        {
            var (scale, sum, peak, norm, error) = ResidualBytes.Quantize(
                vectors, table.Stride, TDot.Levels, scratch.Bytes + ((nint)frame * table.Stride));
            (var spread, scratch.Margins[frame]) = panels.Bound.For(peak, norm, error);
            scratch.Scales[frame] = new ResidualScale(scale, spread, -BytePanels.Offset * sum);
        }

        scratch.Weights = panels.Weights;
        scratch.LargestWeight = panels.Losses.LargestWeight;
        ByteKernel<TDot>.Score(panels, scratch.Bytes, scratch.Scales, frames, scratch.Scores, scratch.Minima);
    }
}
