namespace Rvq.Search;

/// <summary>Scores large codebooks in eight bits, or six for a single frame; the others as its base does, where bytes would only add work.</summary>
internal sealed class ByteKernel<TDot, TFloat, TDouble>(string name) : FloatKernel<TFloat, TDouble>(name)
    where TDot : struct, IByteDot
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override bool IsSupported => base.IsSupported && TDot.IsSupported;

    protected override ProposingSearch<TFloat, TDouble> Propose(SearchTable table)
        => ByteSearch<TDot, TFloat, TDouble>.Suits(table) ? new ByteSearch<TDot, TFloat, TDouble>(table) : base.Propose(table);
}
