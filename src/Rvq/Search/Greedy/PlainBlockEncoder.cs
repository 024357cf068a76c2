namespace Rvq.Search;

/// <summary>
/// The residual loop beside stacks whose stages have strides: a block of frames holds the codes of all its frames stage by stage.
/// </summary>
internal sealed unsafe class PlainBlockEncoder(ResidualStack stack, Kernel kernel, int framesPerBlock, int codesPerBlock, int degree)
    : StackEncoder
{
    private readonly CodebookSearch[] _searches = CodebookSearch.Of(stack, kernel, degree);

    public override void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var residuals = Residuals(input, stride, frames, scratch);
        for (var first = 0; first < frames; first += framesPerBlock, residuals += (nint)framesPerBlock * stride, codes += codesPerBlock)
        {
            for (var m = 0; m < _searches.Length; m++)
            {
                var stageCodes = codes + (m * framesPerBlock);
                _searches[m].Find(residuals, framesPerBlock, stageCodes, 1, scratch.Search);
                kernel.Rows.Subtract(stack.Stages[m].Codebook.PaddedRows.Pointer, stageCodes, 1, residuals, framesPerBlock, stride);
            }
        }
    }
}
