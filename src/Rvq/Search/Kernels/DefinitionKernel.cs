namespace Rvq.Search;

/// <summary>The kernel that proposes nothing: every codeword is scored by the definition. For machines without vectors.</summary>
internal sealed class DefinitionKernel<TFused, TDouble>(string name) : Kernel(name)
    where TFused : struct, IFusedLanes<TFused>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override bool IsSupported => true;

    public override Projector Projector { get; } = new LaneProjector<TFused>();

    public override RowArithmetic Rows { get; } = new LaneArithmetic<TFused>();

    public override CodebookSearch Search(SearchTable table) => new DefinitionSearch<TDouble>(table);

    public override BeamExtender BeamExtender(SearchTable table) => new DefinitionExtender<TFused, TDouble>();
}
