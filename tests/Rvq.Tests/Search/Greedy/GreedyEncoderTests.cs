namespace Rvq.Tests.Search;

/// <summary>Stacks whose structure once misled an encoder: what is projected twice, overflows, or is part of a larger stack.</summary>
public sealed class GreedyEncoderTests
{
    /// <summary>The frame's projection lies in the memory of the residual, which the stages overwrite.</summary>
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_StackInputAndStageInputs_EqualsOracle(string name)
    {
        var kernel = TestKernels.Get(name);
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
        var (input, output) = (TestModels.Projection(random, 16, 12, true), TestModels.Projection(random, 12, 16, true));
        var model = new RvqModel(new ResidualStack(stages, input, output));
        var frames = TestVectors.Normal(random, 50 * 16);
        Assert.Equal(Oracle.Encode(model, frames), TestKernels.Quantizer(model, kernel).Encode(frames));
    }

    /// <summary>Padding of a projected frame that overflowed is zero, not 0 × ∞.</summary>
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_ProjectionOverflows_EqualsOracle(string name)
    {
        var kernel = TestKernels.Get(name);
        var stage = new Stage(new Codebook([-1, -2, -3, 1, 2, 3], 3), new Projection([1, 1, 1], 1), new Projection([1, 1, 1], 3));
        var model = new RvqModel(new ResidualStack([stage], new Projection([1e30f], 1), new Projection([1], 1)));
        float[] frames = [1e30f];
        Assert.Equal(1, Oracle.Encode(model, frames)[0]);
        Assert.Equal(1, TestKernels.Quantizer(model, kernel).Encode(frames)[0]);
    }

    /// <summary>The first stages all project frame by frame, but the stack that they were taken from does not.</summary>
    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void Encode_FirstStagesOfAMixedStack_EqualsOracle(string name)
    {
        var kernel = TestKernels.Get(name);
        var random = new Random(4);
        var codebook = new Codebook(TestVectors.Normal(random, 20 * 8), 8);
        var first = new Stage(codebook, TestModels.Projection(random, 12, 8, true), TestModels.Projection(random, 8, 12, true));
        var model = new RvqModel(new ResidualStack([first, new Stage(new Codebook(TestVectors.Normal(random, 16 * 12), 12))]));
        var frames = TestVectors.Normal(random, 10 * 12);
        Assert.Equal(Oracle.Encode(model.Take(1), frames), TestKernels.Quantizer(model.Take(1), kernel).Encode(frames));
    }
}
