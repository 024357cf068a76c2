namespace Rvq.Search;

/// <summary>Scores all codewords in float32 and leaves those within the <see cref="ErrorBound"/> to the definition.</summary>
internal sealed unsafe class ProposingKernel<TFloat, TDouble>(string name) : LaneKernel<TDouble>
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override string Name => name;

    public override bool IsSupported => TFloat.IsSupported;

    public override void Find(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
    {
        var panels = table.FloatPanels;
        var tile = scratch.Prepare(table);
        for (var first = 0; first < frames; first += tile)
        {
            var count = Math.Min(tile, frames - first);
            var raw = vectors + ((nint)first * table.Stride);
            var vector = panels.Center == null ? raw : Centered(raw, panels.Center, table.Stride, count, scratch.Vectors);
            FloatKernel<TFloat>.Score(
                panels.Panels, panels.HalfNorms, panels.PanelCount, table.Dimensions, vector, table.Stride, count, scratch.Scores, scratch.Minima);
            for (var frame = 0; frame < count; frame++)
            {
                var offset = (nint)frame * table.Stride;
                var margin = panels.Bound.Margin(Definition.Dot<TDouble>(vector + offset, vector + offset, table.Stride));
                codes[(first + frame) * codeStride] = Candidates<TFloat>.Decide<TDouble>(table, raw + offset, panels.PanelCount, frame, margin, scratch);
            }
        }

        GC.KeepAlive(panels);
    }

    private static float* Centered(float* vectors, float* center, int stride, int frames, float* destination)
    {
        for (var frame = 0; frame < frames; frame++)
        {
            Rows.Difference(vectors + ((nint)frame * stride), center, destination + ((nint)frame * stride), stride);
        }

        return destination;
    }
}
