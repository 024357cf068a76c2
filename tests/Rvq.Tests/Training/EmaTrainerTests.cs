using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class EmaTrainerTests
{
    private const int Dimensions = 6;

    private static readonly EmaTrainerOptions Small =
        new() { CodebookCount = 3, CodebookSize = 16, InitializationIterations = 5, Seed = 9, Decay = 0.8 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Step_Outputs_AreThoseOfTheModelBeforeTheStep()
    {
        var trainer = new EmaTrainer(Dimensions, Small);
        Run(trainer, Batch(0));
        var model = trainer.ToModel();
        var frames = Batch(1);
        var (quantized, codes, outcome) = Run(trainer, frames);
        Assert.Equal(new Quantizer(model).Encode(frames), codes);
        Assert.Equal(new Dequantizer(model).Decode(codes), quantized);
        Assert.Equal(ModelError.Of(model, frames), CodebookStatistics.MeanSquaredError(frames, quantized, Dimensions), 6);
        Assert.Equal(ModelError.Of(model, frames) / Dimensions, outcome.Stages[2].CommitmentLoss, 6);
        Assert.NotEqual(model.Stages[0].Codebook[codes[0]].ToArray(), trainer.ToModel().Stages[0].Codebook[codes[0]].ToArray());
    }

    [Fact]
    public void Step_Statistics_AreThoseOfTheCodes()
    {
        var trainer = new EmaTrainer(Dimensions, Small);
        Run(trainer, Batch(0));
        var (_, codes, outcome) = Run(trainer, Batch(1));
        for (var stage = 0; stage < 3; stage++)
        {
            var column = codes.Where((_, i) => i % 3 == stage).ToArray();
            Assert.Equal(column.Distinct().Count(), outcome.Stages[stage].UsedCodes);
            var entropy = column.GroupBy(code => code)
                .Sum(group => -(double)group.Count() / column.Length * Math.Log((double)group.Count() / column.Length));
            Assert.Equal(Math.Exp(entropy), outcome.Stages[stage].Perplexity, 9);
        }

        Assert.Equal(outcome.Stages.Average(stage => stage.CommitmentLoss), outcome.CommitmentLoss, 12);
    }

    public static TheoryData<Commitment> Commitments => [Commitment.EnCodec, Commitment.Mimi, Commitment.VqVae];

    [Theory]
    [MemberData(nameof(Commitments))]
    public void Step_Gradient_IsTheDifferenceQuotientOfTheLoss(Commitment commitment)
    {
        // With codes and codewords fixed, and for EnCodec the later stages' inputs too, as its straight-through estimator has it.
        var trainer = new EmaTrainer(Dimensions, Small with { Commitment = commitment });
        Run(trainer, Batch(0));
        var model = trainer.ToModel();
        var frames = Batch(1);
        var (codes, gradient) = (new int[frames.Length / Dimensions * 3], new float[frames.Length]);
        var outcome = trainer.Step(frames, new float[frames.Length], codes, gradient);
        var weight = commitment.SumsStages ? commitment.Weight : commitment.Weight / 3;
        Assert.Equal(weight * 3 * Loss(model, frames, codes, 3), outcome.Loss, 6);
        var stages = commitment.OnlyFirstStageHasGradient ? 1 : 3;
        for (var index = 0; index < frames.Length; index += 41)
        {
            var (up, down) = (frames.ToArray(), frames.ToArray());
            up[index] += 1e-2f;
            down[index] -= 1e-2f;
            var quotient =
                weight * stages * (Loss(model, up, codes, stages) - Loss(model, down, codes, stages)) / (up[index] - (double)down[index]);
            Assert.Equal(quotient, gradient[index], 7);
        }
    }

    [Fact]
    public void Step_Start_UsesEveryCodebookAsWellAsRvqTrainer()
    {
        // shared/data/reports/ema-start-collapse: embeddings of length 1 without clusters, a common direction and noise.
        Assert.SkipUnless(System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated, "Takes minutes where no vectors are accelerated.");
        const int Count = 4000, Wide = 128;
        var random = new Random(11);
        var frames = new float[Count * Wide];
        foreach (ref var value in frames.AsSpan())
        {
            value = 8 + (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }

        frames = [.. frames.Chunk(Wide).SelectMany(row => row.Select(value => value / MathF.Sqrt(row.Sum(other => other * other))))];
        var options = new EmaTrainerOptions
        {
            CodebookCount = 3,
            CodebookSize = 256,
            Seed = 1,
            Decay = 0.9,
            InitializationIterations = 10,
            MaxDegreeOfParallelism = 2
        };
        var trainer = new EmaTrainer(Wide, options);
        for (var step = 0; step < 25; step++)
        {
            trainer.Step(frames, new float[frames.Length], new int[Count * 3]);
        }

        var model = trainer.ToModel();
        var codes = new Quantizer(model).Encode(frames);
        for (var stage = 0; stage < 3; stage++)
        {
            var perplexity = CodebookStatistics.Perplexity(CodebookStatistics.CountCodes<int>(model, codes, stage));
            Assert.True(perplexity > 200, $"Stage {stage} has a perplexity of {perplexity}.");
        }

        Assert.Equal(Count, codes.Chunk(3).Select(row => (row[0], row[1], row[2])).Distinct().Count());
    }

    [Fact]
    public void Step_AsManyFramesAsCodewords_DrawsEachOnce()
    {
        var trainer = new EmaTrainer(Dimensions, Small with { CodebookCount = 1, InitializationIterations = 0 });
        var frames = Batch(3, 16);
        Assert.Equal(frames, Run(trainer, frames).Quantized);
        Assert.Equal(16, Run(new EmaTrainer(Dimensions, Small with { CodebookCount = 1, InitializationIterations = 0 }),
            frames).Outcome.Stages[0].UsedCodes);
    }

    [Fact]
    public void Step_SizesPerStage_AreThoseOfTheCodebooks()
    {
        var trainer = new EmaTrainer(Dimensions, Small with { CodebookSizes = [16, 5, 2] });
        var (_, codes, _) = Run(trainer, Batch(0));
        Assert.Equal([16, 5, 2], trainer.ToModel().Stages.ToArray().Select(stage => stage.Codebook.Size));
        Assert.Equal([15, 4, 1], Enumerable.Range(0, 3).Select(stage => codes.Where((_, i) => i % 3 == stage).Max()));
    }

    [Fact]
    public void Step_ManyBatches_LowerTheErrorOfNewFrames()
    {
        var trainer = new EmaTrainer(Dimensions, Small with { InitializationIterations = 0 });
        Run(trainer, Batch(0));
        var first = ModelError.Of(trainer.ToModel(), Batch(999, 500));
        for (var step = 1; step < 60; step++)
        {
            Run(trainer, Batch(step));
        }

        var last = ModelError.Of(trainer.ToModel(), Batch(999, 500));
        Assert.True(last < 0.95 * first, $"{last} after {first}.");
    }

    [Theory]
    [InlineData(DeadCodeRule.BelowMean, 0.1, 5)]
    [InlineData(DeadCodeRule.BelowThreshold, 1.0, 1)]
    public void Step_DeadCodes_ComeBackToLife(DeadCodeRule rule, double threshold, int interval)
    {
        var revived = UsedAfterMove(
            Small with { DeadCodeRule = rule, DeadCodeThreshold = threshold, DeadCodeInterval = interval, CodebookCount = 1 });
        var left = UsedAfterMove(Small with { DeadCodeRule = DeadCodeRule.None, CodebookCount = 1 });
        Assert.True(left.Used < 8 && left.Replaced == 0, $"{left}");
        Assert.True(revived.Used >= 14 && revived.Replaced > 0, $"{revived}");
    }

    [Fact]
    public void Step_QuantizerDropout_LeavesTheLastStagesOut()
    {
        var trainer = new EmaTrainer(Dimensions, Small with { QuantizerDropout = 1 });
        Assert.Equal(3, Run(trainer, Batch(0)).Outcome.Stages.Count); // the start needs all stages
        var seen = new HashSet<int>();
        for (var step = 1; step < 40; step++)
        {
            var model = trainer.ToModel();
            var frames = Batch(step);
            var (quantized, codes, outcome) = Run(trainer, frames);
            var stages = outcome.Stages.Count;
            seen.Add(stages);
            Assert.All(codes.Where((_, i) => i % 3 >= stages), code => Assert.Equal(-1, code));
            var kept = new Quantizer(model.Take(stages)).Encode(frames);
            Assert.Equal(kept, codes.Where((_, i) => i % 3 < stages));
            Assert.Equal(new Dequantizer(model.Take(stages)).Decode(kept), quantized);
            for (var stage = stages; stage < 3; stage++)
            {
                Assert.Equal(model.Stages[stage].Codebook[0].ToArray(), trainer.ToModel().Stages[stage].Codebook[0].ToArray());
            }
        }

        Assert.Equal([1, 2, 3], seen.Order());
    }

    [Fact]
    public void Step_AnyThreadCount_GivesTheSameBits()
    {
        var one = new EmaTrainer(Dimensions, Small);
        var four = new EmaTrainer(Dimensions, Small with { MaxDegreeOfParallelism = 4 });
        for (var step = 0; step < 5; step++)
        {
            Run(one, Batch(step, 2000));
            Run(four, Batch(step, 2000));
        }

        AssertSameState(one, four);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_AfterSave_ResumesToTheSameBits(bool shared)
    {
        var options = Small with
        {
            QuantizerDropout = 0.5,
            SharedCodebook = shared,
            DeadCodeRule = DeadCodeRule.BelowThreshold,
            DeadCodeThreshold = 3,
            DeadCodeInterval = 2
        };
        var trainer = new EmaTrainer(Dimensions, options);
        for (var step = 0; step < 7; step++)
        {
            Run(trainer, Batch(step));
        }

        var resumed = await SaveAndLoad(trainer, bytes => bytes);
        Assert.Equal(options, resumed.Options);
        for (var step = 7; step < 15; step++)
        {
            var (expected, actual) = (Run(trainer, Batch(step)), Run(resumed, Batch(step)));
            Assert.Equal(expected.Codes, actual.Codes);
            Assert.Equal(expected.Quantized, actual.Quantized);
        }

        AssertSameState(trainer, resumed);
    }

    [Fact]
    public async Task Load_BeforeTheFirstStep_StartsAlike()
    {
        var trainer = new EmaTrainer(Dimensions, Small);
        var resumed = await SaveAndLoad(trainer, bytes => bytes);
        Run(trainer, Batch(0));
        Run(resumed, Batch(0));
        AssertSameState(trainer, resumed);
    }

    [Fact]
    public async Task Load_EveryTruncationAndEveryFlippedByte_IsInvalidData()
    {
        var trainer = new EmaTrainer(2, new EmaTrainerOptions { CodebookCount = 2, CodebookSize = 3, InitializationIterations = 1 });
        trainer.Step([1, 2, 3, 4, 5, 6, 7, 8], new float[8], new int[8]);
        var length = 0;
        await SaveAndLoad(trainer, bytes =>
        {
            length = bytes.Length;
            return bytes;
        });
        for (var i = 0; i < length; i++)
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => SaveAndLoad(trainer, bytes => bytes[..i]));
            await Assert.ThrowsAsync<InvalidDataException>(() => SaveAndLoad(trainer, bytes =>
            {
                bytes[i] ^= 0x40;
                return bytes;
            }));
        }
    }

    [Theory]
    [InlineData(16, int.MaxValue, "bytes, but")] // dimensions
    [InlineData(20, 0, "options.CodebookCount")]
    [InlineData(20, int.MaxValue, "options.CodebookCount")]
    [InlineData(28, int.MaxValue, "sizes of codebooks")]
    [InlineData(28, -7, "sizes of codebooks")]
    [InlineData(20, 3, "bytes, but")]
    [InlineData(24, int.MaxValue, "bytes, but")]
    [InlineData(34, -1, "options.Decay")] // the low half of a double that is NaN with the next row's high half
    public async Task Load_LiesWithAGoodChecksum_AreInvalidData(int offset, int value, string message)
    {
        var trainer = new EmaTrainer(2, new EmaTrainerOptions { CodebookCount = 2, CodebookSize = 3, InitializationIterations = 1 });
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => SaveAndLoad(trainer, bytes =>
        {
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), value);
            if (value == -1)
            {
                System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset + 4), value);
            }

            var hash = System.IO.Hashing.XxHash64.HashToUInt64(bytes.AsSpan(16));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), hash);
            return bytes;
        }));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_BadArguments_ThrowAndChangeNothing()
    {
        var trainer = new EmaTrainer(Dimensions, Small);
        var early = Assert.Throws<ArgumentException>(() => trainer.Step(new float[15 * 6], new float[15 * 6], new int[45]));
        Assert.Contains("15 frames", early.Message, StringComparison.Ordinal);
        Assert.Contains("16 codewords", early.Message, StringComparison.Ordinal);
        Run(trainer, Batch(0));
        var before = trainer.ToModel();
        var nan = Batch(1);
        nan[6 * 11] = float.NaN;
        var error = Assert.Throws<ArgumentException>(() => trainer.Step(nan, new float[nan.Length], new int[nan.Length / 2]));
        Assert.Contains("frame 11", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => trainer.Step([], [], []));
        Assert.Throws<ArgumentException>(() => trainer.Step(new float[7], new float[7], new int[3]));
        Assert.Throws<ArgumentException>(() => trainer.Step(new float[12], new float[6], new int[6]));
        Assert.Throws<ArgumentException>(() => trainer.Step(new float[12], new float[12], new int[5]));
        Assert.Throws<ArgumentException>(() => trainer.Step(new float[12], new float[12], new int[6], new float[11]));
        for (var code = 0; code < 16; code++)
        {
            Assert.Equal(before.Stages[0].Codebook[code].ToArray(), trainer.ToModel().Stages[0].Codebook[code].ToArray());
        }
    }

    [Fact]
    public void Step_OneFrame_IsSoundAfterTheStart()
    {
        var trainer = new EmaTrainer(Dimensions, Small);
        Run(trainer, Batch(0));
        var outcome = Run(trainer, Batch(1, 1)).Outcome;
        Assert.All(outcome.Stages, stage => Assert.Equal((1.0, 1), (stage.Perplexity, stage.UsedCodes)));
    }

    [Theory]
    [InlineData(UsageSmoothing.Clamp)]
    [InlineData(UsageSmoothing.Laplace)]
    public void Step_AllFramesEqual_ConvergesToThem(UsageSmoothing smoothing)
    {
        var trainer = new EmaTrainer(Dimensions, Small with { Smoothing = smoothing });
        var frames = new float[32 * Dimensions];
        Array.Fill(frames, 0.1f);
        var quantized = frames;
        for (var step = 0; step < 40; step++)
        {
            quantized = Run(trainer, frames).Quantized;
        }

        Assert.All(quantized, value => Assert.Equal(0.1, value, 4));
    }

    [Fact]
    public void ToModel_BeforeTheFirstStep_Throws()
        => Assert.Throws<InvalidOperationException>(() => new EmaTrainer(Dimensions, Small).ToModel());

    [Fact]
    public void Constructor_OptionsOutOfRange_Throw()
    {
        foreach (var options in new[]
        {
            Small with { CodebookCount = 0 }, Small with { CodebookSize = 0 }, Small with { Decay = 1 }, Small with { Decay = double.NaN },
            Small with { Epsilon = 0 },
            Small with { DeadCodeThreshold = 0 }, Small with { DeadCodeInterval = 0 }, Small with { InitializationIterations = -1 },
            Small with { QuantizerDropout = 1.1 },
            Small with { CodebookSizes = [4, 0] }, Small with { Metric = SearchMetric.InnerProduct },
            Small with { Commitment = new Commitment { Weight = -1 } },
            Small with { Commitment = new Commitment { Weight = double.NaN } }, Small with { MaxDegreeOfParallelism = 0 },
            Small with { Smoothing = (UsageSmoothing)7 }, Small with { DeadCodeRule = (DeadCodeRule)7 },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new EmaTrainer(Dimensions, options));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new EmaTrainer(0, Small));
        Assert.Throws<ArgumentException>(() => new EmaTrainer(1 << 20, Small with { CodebookSize = 1 << 20 }));
        Assert.Throws<ArgumentException>(() => new EmaTrainer(int.MaxValue, Small));
        Assert.Throws<ArgumentException>(() => new EmaTrainer(2, Small with { CodebookSizes = [] }));
        Assert.Throws<ArgumentException>(() => new EmaTrainer(2, Small with { CodebookSizes = [2, 3], SharedCodebook = true }));
        Assert.Throws<ArgumentException>(() => new EmaTrainer(2, Small with { Commitment = null! }));
    }

    private static (int Used, int Replaced) UsedAfterMove(EmaTrainerOptions options)
    {
        // After the start the frames move far away, so that most codewords die.
        var trainer = new EmaTrainer(Dimensions, options);
        Run(trainer, Batch(0));
        var (used, replaced) = (0, 0);
        for (var step = 1; step < 80; step++)
        {
            var outcome = Run(trainer, [.. Batch(step).Select(value => value + 10)]).Outcome;
            used = outcome.Stages[0].UsedCodes;
            replaced += outcome.Stages[0].ReplacedCodes;
        }

        return (used, replaced);
    }

    private static (float[] Quantized, int[] Codes, EmaStep Outcome) Run(EmaTrainer trainer, float[] frames)
    {
        var quantized = new float[frames.Length];
        var codes = new int[frames.Length / Dimensions * trainer.Options.CodebookCount];
        var outcome = trainer.Step(frames, quantized, codes);
        return (quantized, codes, outcome);
    }

    private static float[] Batch(int seed, int count = 100)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count * Dimensions).Select(_ => random.NextSingle() + random.NextSingle() - 1)];
    }

    private static double[] Residual(RvqModel model, float[] frames, int[] codes, int frame, int stages)
    {
        var residual = Array.ConvertAll(frames.AsSpan(frame * Dimensions, Dimensions).ToArray(), value => (double)value);
        for (var stage = 0; stage < stages; stage++)
        {
            for (var i = 0; i < Dimensions; i++)
            {
                residual[i] -= model.Stages[stage].Codebook[codes[frame * 3 + stage]][i];
            }
        }

        return residual;
    }

    private static double Loss(RvqModel model, float[] frames, int[] codes, int count)
        => Enumerable.Range(1, count).Average(stages => Enumerable.Range(0, frames.Length / Dimensions)
            .Sum(frame => Residual(model, frames, codes, frame, stages).Sum(value => value * value)) / frames.Length);

    private static void AssertSameState(EmaTrainer expected, EmaTrainer actual)
    {
        for (var book = 0; book < expected.Codebooks.Length; book++)
        {
            Assert.Equal(expected.Codebooks[book].Codewords, actual.Codebooks[book].Codewords);
            Assert.Equal(expected.Codebooks[book].Sums, actual.Codebooks[book].Sums);
            Assert.Equal(expected.Codebooks[book].Usage, actual.Codebooks[book].Usage);
            Assert.Equal(expected.Codebooks[book].Steps, actual.Codebooks[book].Steps);
        }

        Assert.Equal(expected.Random.State.ToArray(), actual.Random.State.ToArray());
    }

    private static async Task<EmaTrainer> SaveAndLoad(EmaTrainer trainer, Func<byte[], byte[]> change)
    {
        var path = Path.GetTempFileName();
        try
        {
            trainer.Save(path);
            await File.WriteAllBytesAsync(path, change(await File.ReadAllBytesAsync(path, Token)), Token);
            return EmaTrainer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
