namespace Rvq.Search;

/// <summary>Scores large codebooks in bytes; smaller ones, for which bytes do not pay, as its base does.</summary>
internal sealed class ByteKernel<TByte, TFloat, TDouble>(string name) : FloatKernel<TFloat, TDouble>(name)
    where TByte : struct, IByteLanes<TByte>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override bool IsSupported => base.IsSupported && TByte.IsSupported;

    protected override ProposingSearch<TFloat, TDouble> Propose(SearchTable table)
        => ByteSearch<TByte, TFloat, TDouble>.Suits(table) ? new ByteSearch<TByte, TFloat, TDouble>(table) : base.Propose(table);
}
