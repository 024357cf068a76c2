using System.Runtime.CompilerServices;
using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Defects that a review of the search found.</summary>
public class ReviewTests
{
    public static TheoryData<string> KernelNames() => new(TestKernels.Supported.Select(kernel => kernel.Name));

    /// <summary>The frame's projection lies in the memory of the residual, which the stages overwrite.</summary>
    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Encode_StackInputAndStageInputs_EqualsOracle(string kernel)
    {
        var random = new Random(3);
        var stages = Enumerable.Range(0, 3).Select(_ =>
        {
            // Codewords in pairs that all but tie, so that float32 leaves codes open.
            var rows = TestVectors.Normal(random, 40 * 8);
            for (var k = 1; k < 40; k += 2)
            {
                rows.AsSpan((k - 1) * 8, 8).CopyTo(rows.AsSpan(k * 8));
                rows[k * 8] = MathF.BitIncrement(rows[k * 8]);
            }

            return new Stage(new Codebook(rows, 8), TestModels.Projection(random, 12, 8, true), TestModels.Projection(random, 8, 12, true));
        }).ToArray();
        var model = new RvqModel(new ResidualStack(stages, TestModels.Projection(random, 16, 12, true), TestModels.Projection(random, 12, 16, true)));
        var frames = TestVectors.Normal(random, 50 * 16);
        Assert.Equal(Oracle.Encode(model, frames), Create(kernel, model).Encode(frames));
    }

    /// <summary>A margin just below the largest float32: the limit is rounded up to infinity, which padded codewords have.</summary>
    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Encode_MarginNearLargestFloat_StaysInItsMemory(string kernel)
    {
        for (var norm = 1e24; norm < 1e31; norm *= 1.03)
        {
            // x is orthogonal to W, so that W x = 0 while ‖W‖‖x‖ is as large as float32 sums allow.
            var root = (float)Math.Sqrt(norm / 2);
            float[] weight = [root, root];
            var stage = new Stage(new Codebook([4e18f], 1), new Projection(weight, 2), new Projection([1, 1], 1));
            var model = new RvqModel(new ResidualStack([stage]));
            float[] frame = [root, -root];
            Assert.Equal(0, Create(kernel, model).Encode(frame)[0]);
        }
    }

    /// <summary>Padding of a projected frame that overflowed is zero, not 0 × ∞.</summary>
    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Encode_ProjectionOverflows_EqualsOracle(string kernel)
    {
        var stages = new[] { new Stage(new Codebook([-1, -2, -3, 1, 2, 3], 3), new Projection([1, 1, 1], 1), new Projection([1, 1, 1], 3)) };
        var model = new RvqModel(new ResidualStack(stages, new Projection([1e30f], 1), new Projection([1], 1)));
        float[] frames = [1e30f];
        Assert.Equal(1, Oracle.Encode(model, frames)[0]);
        Assert.Equal(1, Create(kernel, model).Encode(frames)[0]);
    }

    /// <summary>The first stages all project frame by frame, but the stack that they were taken from does not.</summary>
    [Theory]
    [MemberData(nameof(KernelNames))]
    public void Encode_FirstStagesOfAMixedStack_EqualsOracle(string kernel)
    {
        var random = new Random(4);
        var first = new Stage(
            new Codebook(TestVectors.Normal(random, 20 * 8), 8), TestModels.Projection(random, 12, 8, true), TestModels.Projection(random, 8, 12, true));
        var model = new RvqModel(new ResidualStack([first, new Stage(new Codebook(TestVectors.Normal(random, 16 * 12), 12))]));
        var frames = TestVectors.Normal(random, 10 * 12);
        Assert.Equal(Oracle.Encode(model.Take(1), frames), Create(kernel, model.Take(1)).Encode(frames));
    }

    /// <summary>
    /// Were frames changed on another thread between its scores and its margins, a beam found no extensions at all, and took for codes what another
    /// stack's larger codebook had left in its memory.
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

    /// <summary>A span is all that a caller may keep of a codebook.</summary>
    [Fact]
    public void Row_CodebookUnreachable_StaysAlive()
    {
        var row = Row();
        for (var i = 0; i < 20; i++)
        {
            GC.Collect();
            GC.KeepAlive(new Codebook(Enumerable.Repeat(2f, 4096).ToArray(), 4096));
        }

        Assert.True(row.IndexOfAnyExcept(1f) < 0, "The codeword's memory was given to another.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReadOnlySpan<float> Row() => new Codebook(Enumerable.Repeat(1f, 4096).ToArray(), 4096)[0];

    private static Quantizer Create(string kernel, RvqModel model)
        => new(model, new QuantizerOptions(), Kernels.All.Single(candidate => candidate.Name == kernel));
}
