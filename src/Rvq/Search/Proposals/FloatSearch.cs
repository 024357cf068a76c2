namespace Rvq.Search;

/// <summary>Scores in float32.</summary>
internal sealed unsafe class FloatSearch<TFloat, TDouble>(SearchTable table) : ProposingSearch<TFloat, TDouble>(table)
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private readonly FloatPanels _panels = table.FloatPanels;

    public override Proposal Propose(float* vectors, int count, SearchScratch scratch)
    {
        vectors = Centered(_panels.Center, vectors, count, scratch);
        FloatScores<TFloat>.Score(
            _panels.Panels, _panels.HalfNorms, _panels.PanelCount, Table.Dimensions, vectors, Table.Stride, count,
            scratch.Scores, scratch.Minima);
        _panels.Bound.Margins(vectors, count, Table.Stride, scratch.Margins);
        return new Proposal { Scores = scratch.Scores, Minima = scratch.Minima, Margins = scratch.Margins, Center = _panels.Center };
    }
}
