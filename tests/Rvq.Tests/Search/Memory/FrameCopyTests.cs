using Rvq.Search;

namespace Rvq.Tests.Search;

public sealed class FrameCopyTests
{
    /// <summary>
    /// Were frames changed on another thread between its scores and its margins, a beam found no extensions at all, and took for codes what
    /// another stack's larger codebook had left in its memory.
    /// </summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public unsafe void Take_DenseFrames_AreGatheredForABeam(int beamWidth, bool inPlace)
    {
        var scratch = new EncodeScratch(new RvqModel(new Codebook(new float[16], 8)), beamWidth);
        var frames = new float[8];
        fixed (float* source = frames)
        {
            FrameCopy.Take(new FrameSource(source, new StridedRows(1, 8)), 0, 1, scratch);
            Assert.Equal(inPlace, scratch.Frames == source);
        }
    }
}
