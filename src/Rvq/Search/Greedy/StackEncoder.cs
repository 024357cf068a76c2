using System.Runtime.InteropServices;

namespace Rvq.Search;

/// <summary>Encodes by one stack of stages, each of which takes the codeword nearest to the residual of the stages before it.</summary>
internal abstract unsafe class StackEncoder
{
    /// <summary>Encodes the vectors of <see cref="StackInput"/>.</summary>
    /// <param name="input">[frames, <paramref name="stride"/>]; only read, unless these are the scratch's residuals.</param>
    /// <param name="stride">The padded length of a row.</param>
    /// <param name="frames">The number of frames, whole blocks.</param>
    /// <param name="codes">The stack's first code in the first block.</param>
    /// <param name="scratch">Memory for a pass.</param>
    public abstract void Encode(float* input, int stride, int frames, int* codes, EncodeScratch scratch);

    /// <summary>The input, copied to the scratch's residuals unless it is there already.</summary>
    protected static float* Residuals(float* input, int stride, int frames, EncodeScratch scratch)
    {
        if (input != scratch.Residuals)
        {
            NativeMemory.Copy(input, scratch.Residuals, (nuint)frames * (nuint)stride * sizeof(float));
        }

        return scratch.Residuals;
    }
}
