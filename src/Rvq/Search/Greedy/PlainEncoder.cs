namespace Rvq.Search;

/// <summary>The residual loop: every stage searches the residual of every frame and subtracts its codeword, in float32.</summary>
internal sealed unsafe class PlainEncoder(ResidualStack stack, Kernel kernel, int codesPerFrame, int degree) : StackEncoder
{
    private readonly CodebookSearch[] _searches = CodebookSearch.Of(stack, kernel, degree);

    public override void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch)
    {
        var residuals = Residuals(input, stride, frames, scratch);
        for (var m = 0; m < _searches.Length; m++)
        {
            _searches[m].Find(residuals, frames, codes + m, codesPerFrame, scratch.Search);
            if (m < _searches.Length - 1)
            {
                kernel.Rows.Subtract(stack.Stages[m].Codebook.PaddedRows.Pointer, codes + m, codesPerFrame, residuals, frames, stride);
            }
        }
    }
}
