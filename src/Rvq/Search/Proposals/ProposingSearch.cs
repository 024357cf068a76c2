using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Scores all codewords approximately, and decides among those that may be nearest by the definition.</summary>
internal abstract unsafe class ProposingSearch<TFloat, TDouble>(SearchTable table) : CodebookSearch(table)
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private readonly int _tile = SearchScratch.Tile(table.PanelCount);

    [MethodImpl(InnerLoop.Options)]
    public sealed override void Find(float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        for (var first = 0; first < frames; first += _tile, vectors += (nint)_tile * Table.Stride, codes += _tile * codeStride)
        {
            var count = Math.Min(_tile, frames - first);
            var proposal = frames == 1 ? ProposeOne(vectors, scratch) : Propose(vectors, count, scratch);
            Candidates<TFloat>.Decide<TDouble>(Table, proposal, vectors, count, codes, codeStride, scratch.Candidates);
        }
    }

    /// <summary>Scores vectors, at most <see cref="SearchScratch.Tile"/> of them.</summary>
    public abstract Proposal Propose(float* vectors, int count, SearchScratch scratch);

    /// <summary>Scores a single vector: for a caller that encodes frame by frame, the panels are seldom in a near cache.</summary>
    public virtual Proposal ProposeOne(float* vector, SearchScratch scratch) => Propose(vector, 1, scratch);

    /// <summary>The vectors less the codebook's center, in the scratch; the vectors themselves where there is no center.</summary>
    public float* Centered(float* center, float* vectors, int count, SearchScratch scratch)
    {
        if (center == null)
        {
            return vectors;
        }

        for (nint at = 0; count > 0; count--, at += Table.Stride)
        {
            LaneArithmetic<TFloat>.Difference(vectors + at, center, scratch.Vectors + at, Table.Stride);
        }

        return scratch.Vectors;
    }
}
