namespace Rvq.Search;

/// <summary>
/// The residual loop: every stage searches the residual of every frame and subtracts its codeword, in float32. Beside stacks whose stages
/// have strides, a block of frames holds the codes of all its frames stage by stage; else a frame is a block, and all go through together.
/// </summary>
internal sealed unsafe class PlainEncoder(
    ResidualStack stack, Kernel kernel, int framesPerBlock, int codesPerBlock, int degree) : StackEncoder
{
    private readonly CodebookSearch[] _searches = CodebookSearch.Of(stack, kernel, degree);

    public override void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var residuals = Residuals(input, stride, frames, scratch);
        var (count, codeStride) = framesPerBlock == 1 ? (frames, codesPerBlock) : (framesPerBlock, 1);
        for (var first = 0; first < frames; first += count, residuals += (nint)count * stride, codes += codesPerBlock)
        {
            for (var m = 0; m < _searches.Length; m++)
            {
                var stageCodes = codes + (m * framesPerBlock);
                _searches[m].Find(residuals, count, stageCodes, codeStride, scratch.Search);
                if (m < _searches.Length - 1)
                {
                    kernel.Rows.Subtract(stack.Stages[m].Codebook.PaddedRows.Pointer, stageCodes, codeStride, residuals, count, stride);
                }
            }
        }
    }
}
