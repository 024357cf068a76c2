namespace Rvq.Search;

/// <summary>Finds most codes without storing scores, and the codes in doubt from stored scores.</summary>
internal sealed unsafe class CertainSearch<TFloat, TDouble>(SearchTable table) : CodebookSearch(table)
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    private const int MaxDimensions = 16;

    private readonly int _tile = SearchScratch.Tile(table.PanelCount);
    private readonly FloatPanels _panels = table.FloatPanels;
    private readonly AlignedBuffer<float> _halfNorms = HalfNorms(table.FloatPanels);
    private readonly FloatSearch<TFloat, TDouble> _scores = new(table);

    /// <summary>Whether this is faster than storing all scores: for codewords of few dimensions.</summary>
    public static bool Suits(SearchTable table) => table.Dimensions <= MaxDimensions && table.PanelCount <= CertainCodes<TFloat>.MaxPanels;

    public override void Find(float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        FindCertain(vectors, frames, codes, codeStride, scratch);
        for (; frames > 0; frames--, vectors += Table.Stride, codes += codeStride)
        {
            if (*codes < 0)
            {
                _scores.Find(vectors, 1, codes, 1, scratch);
            }
        }
    }

    /// <summary>The codes that float32 scores prove; −1 for the others.</summary>
    private void FindCertain(float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        for (var first = 0; first < frames; first += _tile, vectors += (nint)_tile * Table.Stride, codes += _tile * codeStride)
        {
            var count = Math.Min(_tile, frames - first);
            var centered = _scores.Centered(_panels.Center, vectors, count, scratch);
            _panels.Bound.Margins(centered, count, Table.Stride, scratch.Margins);
            CertainCodes<TFloat>.Find(
                _panels.Panels, _halfNorms.Pointer, _panels.PanelCount, Table.Dimensions, centered, Table.Stride, scratch.Margins, count,
                codes, codeStride);
        }
    }

    /// <summary>The panels' half norms, with a finite one in place of infinity.</summary>
    private static AlignedBuffer<float> HalfNorms(FloatPanels panels)
    {
        var result = new AlignedBuffer<float>((long)panels.PanelCount * PanelLayout.PanelSize);
        for (var i = 0; i < result.Length; i++)
        {
            result.Pointer[i] = Math.Min(panels.HalfNorms[i], CertainCodes<TFloat>.MaxHalfNorm);
        }

        return result;
    }
}
