using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>
/// After an exception the trainer is what it was, and what it saves can be loaded (shared/data/reports/ema-overflow-poison).
/// </summary>
public sealed class EmaFailureTests
{
    [Fact]
    public void Step_HugeBatch_IsRefusedAndForgotten()
    {
        const int Count = 4096, Dimensions = 4;
        var options = new EmaTrainerOptions { CodebookCount = 2, CodebookSize = 8, Seed = 1 };
        var (trainer, untouched) = (new EmaTrainer(Dimensions, options), new EmaTrainer(Dimensions, options));
        for (var i = 0; i < 5; i++)
        {
            Run(trainer, Batch(i, Count, Dimensions));
            Run(untouched, Batch(i, Count, Dimensions));
        }

        float[] huge = [.. Batch(9, Count, Dimensions).Select(value => 1e37f + (value * 1e36f))];
        huge[(77 * Dimensions) + 3] = 2e37f;
        var (quantized, codes) = (new float[huge.Length], new int[2 * Count]);
        var error = Assert.Throws<ArgumentException>(() => trainer.Step(huge, quantized, codes));
        Assert.Contains("frame 77, dimension 3", error.Message, StringComparison.Ordinal);
        Assert.All(quantized, value => Assert.Equal(0, value));
        Assert.All(codes, code => Assert.Equal(0, code));
        Assert.Equal(Run(untouched, Batch(10, Count, Dimensions)), Run(trainer, Batch(10, Count, Dimensions)));
        var path = Path.GetTempFileName();
        trainer.Save(path);
        Assert.Equal(trainer.Codebooks[1].Sums, EmaTrainer.Load(path).Codebooks[1].Sums);
        Assert.Equal(untouched.Codebooks[1].Sums, trainer.Codebooks[1].Sums);
        File.Delete(path);
    }

    [Theory]
    [InlineData(1e38f)]
    [InlineData(3e38f)]
    public void Step_FirstBatchHuge_LeavesATrainerThatCanStart(float value)
    {
        var options = new EmaTrainerOptions { CodebookCount = 1, CodebookSize = 2, Seed = 1 };
        var (trainer, untouched) = (new EmaTrainer(2, options), new EmaTrainer(2, options));
        float[] huge = [.. Enumerable.Range(0, 32).Select(i => i % 2 == 1 ? i : i % 4 == 0 ? value : -value)];
        Assert.Throws<ArgumentException>(() => trainer.Step(huge, new float[32], new int[16]));
        Assert.False(trainer.IsInitialized);
        Assert.Throws<InvalidOperationException>(() => trainer.ToModel());
        float[] ordinary = [.. Enumerable.Range(0, 32).Select(i => (float)i)];
        Assert.Equal(Run(untouched, ordinary), Run(trainer, ordinary));
        Assert.True(trainer.IsInitialized);
    }

    [Fact]
    public void Step_ResidualBeyondFloat32_IsRefused()
    {
        // −3e38 minus the codeword 3e38 is no float32.
        var trainer = EmaTrainer.From(new RvqModel(new Codebook([3e38f], 1), new Codebook([0f], 1)));
        Assert.Throws<ArgumentException>(() => trainer.Step([-3e38f], new float[1], new int[2]));
        Assert.Equal([0], Run(trainer, [3e38f])[..1]);
    }

    [Fact]
    public void Apply_SumsBeyondFloat32_IsRefusedAndForgotten()
    {
        var trainer = EmaTrainer.From(new RvqModel(new Codebook([0f, 1f], 1)), new EmaTrainerOptions { Decay = 0 });
        var total = trainer.Encode([2e38f, 2e38f], new float[2], new int[2]);
        Assert.Throws<ArgumentException>(() => trainer.Apply(total));
        Assert.Equal([0f, 1f], trainer.Codebooks[0].Codewords);
        Assert.Equal(0, trainer.Codebooks[0].Steps);
    }

    private static int[] Run(EmaTrainer trainer, float[] frames)
    {
        var codes = new int[frames.Length / trainer.Dimensions * trainer.Options.CodebookCount];
        trainer.Step(frames, new float[frames.Length], codes);
        return codes;
    }

    private static float[] Batch(int seed, int count, int dimensions)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count * dimensions).Select(_ => random.NextSingle() - 0.5f)];
    }
}
