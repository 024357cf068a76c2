namespace Rvq.Search;

/// <summary>Scores large codebooks in bytes; smaller ones, for which bytes do not pay, as its base does.</summary>
/// <param name="name">The kernel's name.</param>
/// <param name="singlesOnly">Whether float32 is faster for several vectors: where it has vectors of 512 bits, but bytes have not.</param>
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
