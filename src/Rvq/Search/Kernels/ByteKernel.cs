namespace Rvq.Search;

/// <summary>Scores large codebooks in bytes; the others as its base does, where bytes would only add work.</summary>
/// <param name="name">The kernel's name.</param>
/// <param name="singlesOnly">Whether floats are the faster way for many vectors: they are as wide as 512 bits and bytes are not.</param>
internal sealed class ByteKernel<TByte, TFloat, TDouble>(string name, bool singlesOnly = false) : FloatKernel<TFloat, TDouble>(name)
    where TByte : struct, IByteLanes<TByte>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override bool IsSupported => base.IsSupported && TByte.IsSupported;

    protected override ProposingSearch<TFloat, TDouble> Propose(SearchTable table)
        => !ByteSearch<TByte, TFloat, TDouble>.Suits(table) ? base.Propose(table)
            : singlesOnly ? new SingleByteSearch<TByte, TFloat, TDouble>(table)
            : new ByteSearch<TByte, TFloat, TDouble>(table);
}
