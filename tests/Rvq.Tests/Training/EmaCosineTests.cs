using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>Cosine codebooks by vector-quantize-pytorch's rule, against the rule written out in binary64.</summary>
public sealed class EmaCosineTests
{
    private const int Dimensions = 3;

    private static readonly EmaTrainerOptions Options = new()
    {
        CodebookCount = 2,
        CodebookSize = 4,
        Metric = SearchMetric.Cosine,
        Decay = 0.7,
        Smoothing = UsageSmoothing.Laplace,
        DeadCodeRule = DeadCodeRule.None,
        Seed = 2,
    };

    [Fact]
    public void Step_TwoStages_IsTheRule()
    {
        var trainer = new EmaTrainer(Dimensions, Options);
        Run(trainer, Batch(0));
        for (var step = 1; step < 5; step++)
        {
            var books = trainer.Codebooks.ToArray().Select(book => (book.Codewords.ToArray(), book.Sums.ToArray(), book.Usage.ToArray()))
                .ToArray();
            var model = trainer.ToModel();
            var frames = Batch(step);
            var (quantized, codes, outcome) = Run(trainer, frames);
            Assert.Equal(new Quantizer(model).Encode(frames), codes);
            Assert.Equal(new Dequantizer(model).Decode(codes), quantized);
            var residuals = frames.Select(value => (double)value).ToArray();
            for (var stage = 0; stage < 2; stage++)
            {
                var loss = Follow(books[stage], residuals, [.. codes.Where((_, i) => i % 2 == stage)], out var codewords);
                Assert.Equal(loss, outcome.Stages[stage].CommitmentLoss, 1e-6);
                Assert.All(codewords.Zip(trainer.Codebooks[stage].Codewords), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            }
        }
    }

    [Fact]
    public void Step_CodewordsStayOfLengthOne_AndModelsAreTakenBack()
    {
        var trainer = new EmaTrainer(
            Dimensions, Options with { DeadCodeRule = DeadCodeRule.BelowThreshold, DeadCodeThreshold = 20, DeadCodeInterval = 1 });
        var replaced = 0;
        for (var step = 0; step < 4; step++)
        {
            replaced += Run(trainer, Batch(step)).Outcome.Stages.Sum(stage => stage.ReplacedCodes);
            Assert.All(
                trainer.Codebooks[1].Codewords.Chunk(Dimensions), row => Assert.Equal(1, row.Sum(value => (double)value * value), 1e-6));
        }

        Assert.True(replaced > 0);
        Assert.Equal(trainer.Codebooks[1].Codewords, EmaTrainer.From(trainer.ToModel(), Options).Codebooks[1].Codewords);
    }

    [Fact]
    public void Step_Gradient_IsTheDifferenceQuotient()
    {
        var trainer = new EmaTrainer(Dimensions, Options with { Commitment = Commitment.VqVae });
        Run(trainer, Batch(0));
        var books = trainer.Codebooks.ToArray().Select(book => book.Codewords.ToArray()).ToArray();
        var frames = Batch(1);
        var (codes, gradient) = (new int[frames.Length / Dimensions * 2], new float[frames.Length]);
        trainer.Step(frames, new float[frames.Length], codes, gradient);
        for (var index = 0; index < 12; index++)
        {
            var (up, down) = (frames.Select(value => (double)value).ToArray(), frames.Select(value => (double)value).ToArray());
            up[index] += 1e-4;
            down[index] -= 1e-4;
            Assert.Equal((Loss(books, up, codes) - Loss(books, down, codes)) / 2e-4, gradient[index], 1e-6);
        }
    }

    // β times the sum over the stages, codes and codewords fixed.
    private static double Loss(float[][] books, double[] frames, int[] codes)
    {
        var loss = 0.0;
        for (var frame = 0; frame < frames.Length / Dimensions; frame++)
        {
            var residual = frames[(frame * Dimensions)..((frame + 1) * Dimensions)];
            for (var stage = 0; stage < 2; stage++)
            {
                var length = Math.Sqrt(residual.Sum(value => value * value));
                var codeword = books[stage].AsSpan(codes[(frame * 2) + stage] * Dimensions, Dimensions).ToArray();
                loss += 0.25 * residual.Zip(codeword, (x, c) => Math.Pow((x / length) - c, 2)).Sum() / frames.Length;
                residual = [.. residual.Zip(codeword, (x, c) => x - c)];
            }
        }

        return loss;
    }

    // One codebook's update; residuals lose their codewords.
    private static double Follow(
        (float[] Codewords, float[] Sums, float[] Usage) book, double[] residuals, int[] codes, out double[] codewords)
    {
        var (sums, counts, loss) = (new double[12], new double[4], 0.0);
        for (var frame = 0; frame < codes.Length; frame++)
        {
            var row = residuals.AsSpan(frame * Dimensions, Dimensions);
            var length = Math.Max(Math.Sqrt(row.ToArray().Sum(value => value * value)), 1e-6);
            counts[codes[frame]]++;
            for (var i = 0; i < Dimensions; i++)
            {
                var codeword = book.Codewords[(codes[frame] * Dimensions) + i];
                sums[(codes[frame] * Dimensions) + i] += row[i] / length;
                loss += Math.Pow((row[i] / length) - codeword, 2) / residuals.Length;
                row[i] -= codeword;
            }
        }

        double[] usage = [.. book.Usage.Zip(counts, (old, count) => (0.7 * old) + (0.3 * count))];
        double[] averages = [.. book.Sums.Zip(sums, (old, sum) => (0.7 * old) + (0.3 * sum))];
        var total = usage.Sum();
        codewords = [.. averages.Select((sum, i) => sum / ((usage[i / Dimensions] + 1e-5) / (total + 4e-5) * total))];
        var lengths = codewords.Chunk(Dimensions).Select(row => Math.Sqrt(row.Sum(value => value * value))).ToArray();
        codewords = [.. codewords.Select((value, i) => value / lengths[i / Dimensions])];
        return loss;
    }

    private static (float[] Quantized, int[] Codes, EmaStep Outcome) Run(EmaTrainer trainer, float[] frames)
    {
        var (quantized, codes) = (new float[frames.Length], new int[frames.Length / Dimensions * 2]);
        return (quantized, codes, trainer.Step(frames, quantized, codes));
    }

    private static float[] Batch(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 60 * Dimensions).Select(_ => 3 * (random.NextSingle() + random.NextSingle() - 1))];
    }
}
