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

    [Fact]
    public unsafe void GatherAndScatter_EveryLayout_CopyEveryValueToItsPlace()
    {
        const int Batches = 3, Frames = 37, Dimensions = 21;
        foreach (var strides in new nint[][]
        {
            [Frames * Dimensions, Dimensions, 1], // row-major
            [Frames * Dimensions, 1, Frames], // channels first
            [1, Batches, Batches * Frames], // channels first, batches within
            [2 * Frames * Dimensions, 2, 2 * Frames], // every second value of a larger tensor
        })
        {
            var rows = new StridedRows([Batches, Frames, Dimensions], strides);
            var values = Enumerable.Range(1, (int)rows.Extent).Select(i => (float)i).ToArray();
            foreach (var (first, count) in new[] { (0, 1), (0, Batches * Frames), (5, 70), (30, 20), (36, 2), (80, 31) })
            {
                const int Stride = Dimensions + 3;
                var (gathered, scattered) = (new float[count * Stride], new float[values.Length]);
                fixed (float* source = values, scratch = gathered, target = scattered)
                {
                    FrameCopy.Gather(source, rows, first, count, scratch, Stride);
                    FrameCopy.Scatter(scratch, Stride, target, rows, first, count);
                }

                var written = new float[values.Length];
                for (var i = 0; i < count * Dimensions; i++)
                {
                    var (frame, dimension) = Math.DivRem(i, Dimensions);
                    var (batch, time) = Math.DivRem(first + frame, Frames);
                    var place = (batch * strides[0]) + (time * strides[1]) + (dimension * strides[2]);
                    Assert.Equal(values[place], gathered[(frame * Stride) + dimension]);
                    written[place] = values[place];
                }

                Assert.Equal(written, scattered);
            }
        }
    }
}
