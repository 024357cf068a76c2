namespace Rvq.Search;

/// <summary>Scores a single vector in bytes, as it is bound by memory, and several in float32.</summary>
internal sealed unsafe class SingleByteSearch<TByte, TFloat, TDouble>(SearchTable table) : ProposingSearch<TFloat, TDouble>(table)
    where TByte : struct, IByteLanes<TByte>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private readonly ByteSearch<TByte, TFloat, TDouble> _bytes = new(table);
    private readonly FloatSearch<TFloat, TDouble> _floats = new(table);

    public override Proposal Propose(float* vectors, int count, SearchScratch scratch) => _floats.Propose(vectors, count, scratch);

    public override Proposal ProposeOne(float* vector, SearchScratch scratch) => _bytes.ProposeOne(vector, scratch);
}
