namespace Rvq.Search;

/// <summary>Scores every codeword by the definition.</summary>
internal sealed unsafe class DefinitionSearch<TDouble>(SearchTable table) : CodebookSearch(table)
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override void Find(float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        for (var frame = 0; frame < frames; frame++, vectors += Table.Stride, codes += codeStride)
        {
            *codes = Definition.Nearest<TDouble>(vectors, Table.Rows, Table.HalfNorms, Table.Stride, null, Table.Size);
        }
    }
}
