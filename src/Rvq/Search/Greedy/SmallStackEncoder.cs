namespace Rvq.Search;

/// <summary>Stacks of small codebooks, all stages in one loop.</summary>
internal sealed unsafe class SmallStackEncoder<TFloat, TDouble>(SmallStackTables tables, int stages, int codesPerFrame) : StackEncoder
    where TFloat : struct, IFloatLanes<TFloat>
    where TDouble : struct, IDoubleLanes<TDouble>
{
    public override void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var residuals = Residuals(input, stride, frames, scratch);
        for (var first = 0; first < frames; first += SearchScratch.MaxFrames)
        {
            SmallStackCodes<TFloat>.Quantize<TDouble>(
                tables.Stages, stages, residuals + ((nint)first * stride), stride, Math.Min(SearchScratch.MaxFrames, frames - first),
                codes + ((nint)first * codesPerFrame), codesPerFrame, scratch.Search.SquaredNorms);
        }
    }
}
