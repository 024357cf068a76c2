namespace Rvq.Search;

/// <summary>Scores all codewords in float32 and leaves those within the margin of the error to the definition.</summary>
internal class FloatKernel<TFloat, TDouble>(string name) : Kernel(name)
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override bool IsSupported => TFloat.IsSupported;

    public sealed override Projector Projector { get; } = new LaneProjector<TFloat>();

    public sealed override RowArithmetic Rows { get; } = new LaneArithmetic<TFloat>();

    public sealed override bool UsesProducts => true;

    public sealed override CodebookSearch Search(SearchTable table)
        => CertainSearch<TFloat, TDouble>.Suits(table) ? new CertainSearch<TFloat, TDouble>(table) : Propose(table);

    public sealed override StackEncoder SmallStackEncoder(SmallStackTables tables, int stages, int codesPerFrame)
        => new SmallStackEncoder<TFloat, TDouble>(tables, stages, codesPerFrame);

    public sealed override BeamExtender BeamExtender(SearchTable table) => new ProposingExtender<TFloat, TDouble>(Propose(table));

    /// <summary>The scores that suit a codebook.</summary>
    protected virtual ProposingSearch<TFloat, TDouble> Propose(SearchTable table) => new FloatSearch<TFloat, TDouble>(table);
}
