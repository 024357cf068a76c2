using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>Encodes by one stack of stages, each taking the codeword nearest to what those before it left over.</summary>
internal abstract unsafe class StackEncoder
{
    /// <summary>Encodes what the stack takes of frames.</summary>
    /// <param name="input">[frames, <paramref name="stride"/>]; the scratch's residuals or something else, which is only read.</param>
    /// <param name="stride">The padded length of a row.</param>
    /// <param name="frames">The number of frames, whole blocks.</param>
    /// <param name="codes">The stack's first code in the first block.</param>
    /// <param name="scratch">Memory for a pass.</param>
    public abstract void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch);

    /// <summary>The input as residuals, which stages may change.</summary>
    protected static float* Residuals(float* input, int stride, int frames, EncodeScratch scratch)
    {
        if (input != scratch.Residuals)
        {
            NativeMemory.Copy(input, scratch.Residuals, (nuint)frames * (nuint)stride * sizeof(float));
        }

        return scratch.Residuals;
    }
}
