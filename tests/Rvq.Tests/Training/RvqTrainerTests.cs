using System.Runtime.Intrinsics;
using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class RvqTrainerTests
{
    private static readonly RvqTrainerOptions Small = new() { CodebookCount = 3, CodebookSize = 16, Iterations = 10, Seed = 5 };

    [Fact]
    public void Train_SizesPerStage_BuildsThem()
    {
        var model = Train(Frames(400, 6), 6, Small with { CodebookSizes = [16, 4, 2] });
        Assert.Equal([16, 4, 2], model.Stages.ToArray().Select(stage => stage.Codebook.Size));
        Assert.Equal(6, model.Dimensions);
    }

    [Theory]
    [InlineData(CodebookInitialization.Sampled)]
    [InlineData(CodebookInitialization.PlusPlus)]
    public void Train_MoreStages_LowerTheTrainingError(CodebookInitialization start)
    {
        var frames = Frames(500, 6);
        var last = Energy(frames) / 500;
        for (var count = 1; count <= 4; count++)
        {
            var error = ModelError.Of(Train(frames, 6, Small with { CodebookCount = count, Initialization = start }), frames);
            Assert.True(error < 0.8 * last, $"{count} codebooks leave {error} of {last}.");
            last = error;
        }
    }

    [Fact]
    public void Train_WellSeparatedClusters_FindsTheirMeans()
    {
        // Four clusters of 50 far apart; k-means++ and the split of the largest must find each one's own mean.
        var frames = new float[200 * 2];
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            frames[2 * i] = (i % 4 < 2 ? -100 : 100) + random.NextSingle();
            frames[2 * i + 1] = (i % 2 == 0 ? -100 : 100) + random.NextSingle();
        }

        var model = Train(
            frames, 2, new RvqTrainerOptions { CodebookCount = 1, CodebookSize = 4, Initialization = CodebookInitialization.PlusPlus });
        for (var cluster = 0; cluster < 4; cluster++)
        {
            var x = Enumerable.Range(0, 50).Average(i => (double)frames[2 * (4 * i + cluster)]);
            var y = Enumerable.Range(0, 50).Average(i => (double)frames[2 * (4 * i + cluster) + 1]);
            Assert.Contains(Codewords(model, 0), row => Math.Abs(row[0] - x) < 1e-4 && Math.Abs(row[1] - y) < 1e-4);
        }
    }

    [Fact]
    public void Train_RareValues_AreFoundBySplitting()
    {
        // A sampled start draws zeros almost alone, so nearly every cluster is empty at first.
        var frames = new float[2000];
        for (var i = 0; i < 8; i++)
        {
            frames[250 * i + 17] = 10 * (i + 1);
        }

        var model = Train(frames, 1, new RvqTrainerOptions { CodebookCount = 1, CodebookSize = 9, Iterations = 20 });
        Assert.Equal(Enumerable.Range(0, 9).Select(i => 10f * i), Codewords(model, 0).Select(row => row[0]).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Train_AnyThreadCount_GivesTheSameBits(int restarts)
    {
        var frames = Frames(3000, 12);
        var options = Small with { Restarts = restarts, Initialization = CodebookInitialization.PlusPlus };
        AssertSame(Train(frames, 12, options), Train(frames, 12, options with { MaxDegreeOfParallelism = 4 }));
    }

    [Fact]
    public void Train_OtherSeed_GivesOtherCodewords()
    {
        var frames = Frames(500, 6);
        Assert.NotEqual(Codewords(Train(frames, 6, Small), 0), Codewords(Train(frames, 6, Small with { Seed = 6 }), 0));
    }

    [Fact]
    public void Train_Restarts_KeepTheBest()
    {
        var frames = Frames(500, 6);
        double Total(int restarts) => Enumerable.Range(0, 3).Sum(seed => ModelError.Of(
            Train(frames, 6, Small with { CodebookCount = 1, Iterations = 3, Seed = (ulong)seed, Restarts = restarts }), frames));
        var (one, ten) = (Total(1), Total(10));
        Assert.True(ten < one, $"{ten} is not below {one}.");
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(200)]
    public void Train_Batches_EqualTheFramesInARow(int sampleLimit)
    {
        var frames = Frames(500, 6);
        var batches = new ReadOnlyMemory<float>[] { frames.AsMemory(0, 6 * 7), frames.AsMemory(6 * 7, 0), frames.AsMemory(6 * 7) };
        var options = Small with { SampleLimit = sampleLimit };
        AssertSame(
            Train(frames, 6, options), RvqTrainer.Train(batches, 6, options, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Train_SampleLimit_DrawsFromTheWholeStream()
    {
        // The first half is constant zero: a sample of the head alone would give zero codewords only.
        var frames = new float[2000];
        Array.Fill(frames, 8f, 1000, 1000);
        var model = Train(frames, 1, new RvqTrainerOptions { CodebookCount = 1, CodebookSize = 2, SampleLimit = 64 });
        Assert.Equal([0f, 8f], Codewords(model, 0).Select(row => row[0]).Order());
    }

    [Fact]
    public void Train_InitialModel_GoesOnFromIt()
    {
        // One iteration from four far apart points keeps them apart; where a sampled start would put two into one cluster.
        var frames = new float[400];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = (i % 4 * 100) + (i / 4 % 2);
        }

        var initial = new RvqModel(new Codebook([290, 190, 90, -10], 1));
        var model = Train(frames, 1, new RvqTrainerOptions { CodebookSizes = [4, 2], Iterations = 1, InitialModel = initial });
        Assert.Equal([300.5f, 200.5f, 100.5f, 0.5f], Codewords(model, 0).Select(row => row[0]));
        Assert.Equal([-0.5f, 0.5f], Codewords(model, 1).Select(row => row[0]).Order()); // beyond the model, a start of its own
    }

    [Fact]
    public void Train_InitialModel_LowersItsError()
    {
        var frames = Frames(500, 6);
        var initial = Train(frames, 6, Small with { Iterations = 1 });
        var model = Train(frames, 6, Small with { Iterations = 5, InitialModel = initial });
        Assert.True(ModelError.Of(model, frames) < ModelError.Of(initial, frames));
    }

    [Fact]
    public void Train_InitialModelThatDoesNotFit_Throws()
    {
        var frames = Frames(500, 6);
        var plain = new Codebook(frames.AsSpan(0, 16 * 6), 6);
        foreach (var (model, message) in new[]
        {
            (new RvqModel(new Codebook(frames.AsSpan(0, 16 * 5), 5)), "5 dimensions"),
            (new RvqModel(new Codebook(frames.AsSpan(0, 15 * 6), 6)), "15 codewords"),
            (new RvqModel(new ResidualStack([new Stage(plain, metric: SearchMetric.Cosine)])), "Cosine"),
            (new RvqModel(new ResidualStack([new Stage(plain, stride: 2)])), "stride of 2"),
            (new RvqModel(new ResidualStack([new Stage(plain)]), new ResidualStack([new Stage(plain)])), "2 stacks"),
        })
        {
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => Train(frames, 6, Small with { InitialModel = model })).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Train_Progress_RisesToOne()
    {
        var reports = new List<TrainingProgress>();
        RvqTrainer.Train(Frames(500, 6), 6, Small, new Immediate(reports.Add), TestContext.Current.CancellationToken);
        Assert.NotEmpty(reports);
        Assert.Equal(reports.OrderBy(report => report.Fraction), reports);
        Assert.All(reports, report => Assert.InRange(report.Fraction, 0, 1));
        Assert.All(reports, report => Assert.InRange(report.Iteration, 1, report.IterationCount));
        Assert.Equal(2, reports[^1].Stage);
        Assert.All(reports.GroupBy(report => report.Stage), stage => Assert.Equal(stage.OrderByDescending(report => report.Error), stage));
    }

    [Fact]
    public void Train_Cancelled_Stops()
    {
        using var source = new CancellationTokenSource();
        var reports = 0;
        Assert.Throws<OperationCanceledException>(() => RvqTrainer.Train(Frames(500, 6), 6, Small, new Immediate(_ =>
        {
            reports++;
            source.Cancel();
        }), source.Token));
        Assert.Equal(1, reports);
    }

    [Fact]
    public void Train_FewerFramesThanCodewords_NamesBoth()
    {
        var error = Assert.Throws<ArgumentException>(() => Train(Frames(15, 6), 6, Small));
        Assert.Contains("15 frames", error.Message, StringComparison.Ordinal);
        Assert.Contains("16 codewords", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_AsManyFramesAsCodewords_LeavesNoError()
    {
        var frames = Frames(16, 6);
        Assert.Equal(0, ModelError.Of(Train(frames, 6, Small with { CodebookCount = 1 }), frames), 12);
    }

    [Fact]
    public void Train_OneFrame_IsItsOwnCodeword()
    {
        var model = Train([1f, 2f, 3f], 3, Small with { CodebookCount = 2, CodebookSize = 1 });
        Assert.Equal([1f, 2f, 3f], model.Stages[0].Codebook[0].ToArray());
        Assert.Equal([0f, 0f, 0f], model.Stages[1].Codebook[0].ToArray());
    }

    [Theory]
    [InlineData(CodebookInitialization.Sampled)]
    [InlineData(CodebookInitialization.PlusPlus)]
    public void Train_AllFramesEqual_ReproducesThem(CodebookInitialization start)
    {
        var frames = new float[100 * 3];
        Array.Fill(frames, 0.1f);
        var model = Train(frames, 3, Small with { Initialization = start });
        Assert.Equal(0, ModelError.Of(model, frames));
    }

    [Fact]
    public void Train_NoVarianceInADimension_KeepsItsValue()
    {
        var frames = Frames(300, 4);
        for (var i = 0; i < 300; i++)
        {
            frames[4 * i + 2] = 7;
        }

        var model = Train(frames, 4, Small);
        Assert.All(Codewords(model, 0), row => Assert.Equal(7, row[2]));
        Assert.All(Codewords(model, 1), row => Assert.Equal(0, row[2]));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Train_NotFinite_NamesTheFrame(float value)
    {
        var frames = Frames(300, 4);
        frames[4 * 17 + 3] = value;
        var error = Assert.Throws<ArgumentException>(() => Train(frames, 4, Small));
        Assert.Contains("frame 17", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_HugeValues_EndInAModelOrAnArgumentException()
    {
        var frames = Enumerable.Range(0, 400).Select(i => i % 2 == 0 ? float.MaxValue : -float.MaxValue).ToArray();
        var model = Train(frames, 2, Small with { CodebookCount = 1, CodebookSize = 2 });
        Assert.All(Codewords(model, 0), row => Assert.All(row, value => Assert.True(float.IsFinite(value))));
    }

    [Fact]
    public void Train_HugeValuesInManyDimensions_EndInAModelOrAnArgumentException()
    {
        // Rotated to the principal axes they leave float32, and so does the difference of two of them.
        var random = new Random(4);
        var frames = Enumerable.Range(0, 400 * 8).Select(_ => random.Next(2) == 0 ? float.MaxValue : -float.MaxValue).ToArray();
        try
        {
            var model = Train(frames, 8, Small with { CodebookCount = 2 });
            Assert.Equal(2, model.CodebookCount);
        }
        catch (ArgumentException error)
        {
            Assert.Contains("scale them down", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Train_MoreThan1024Dimensions_Works()
    {
        var frames = Frames(20, 1500);
        Assert.Equal(0, ModelError.Of(Train(frames, 1500, Small with { CodebookCount = 1, CodebookSize = 20 }), frames), 9);
    }

    [Fact]
    public void Train_NotFiniteInABatch_NamesBatchAndFrame()
    {
        var (good, bad) = (Frames(20, 4), Frames(20, 4));
        bad[4 * 3] = float.NaN;
        var error = Assert.Throws<ArgumentException>(
            () => RvqTrainer.Train([good, bad], 4, Small, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("batch 1, frame 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_NoFrames_Throws() => Assert.Throws<ArgumentException>(() => Train([], 4, Small));

    [Fact]
    public void Train_PartOfAFrame_Throws() => Assert.Throws<ArgumentException>(() => Train(new float[401], 4, Small));

    [Fact]
    public void Train_CodebookBeyondAnArray_ThrowsBeforeItAllocates()
    {
        var error = Assert.Throws<ArgumentException>(() => Train(new float[1024], 1024, Small with { CodebookSize = int.MaxValue }));
        Assert.Contains("2147483647", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_OptionsBelowOne_Throw()
    {
        var frames = Frames(300, 4);
        foreach (var options in new[]
        {
            Small with { CodebookCount = 0 }, Small with { CodebookCount = int.MaxValue }, Small with { CodebookSize = 0 },
            Small with { CodebookSizes = [4, 0] }, Small with { Iterations = 0 },
            Small with { Restarts = 0 }, Small with { SampleLimit = 0 }, Small with { MaxDegreeOfParallelism = 0 },
            Small with { Initialization = (CodebookInitialization)9 },
            Small with { GainCopies = -1 }, Small with { GainSpread = 0 }, Small with { GainSpread = double.NaN },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Train(frames, 4, options));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Train(frames, 0, Small));
        Assert.Throws<ArgumentException>(() => Train(frames, 4, Small with { CodebookSizes = [] }));
    }

    [Theory]
    [InlineData(0, 4.943504333496094, null)] // train_beam1_encode_beam1, and below plain_kmeans_beam1
    [InlineData(3, 4.752734661102295, 4.231096267700195)] // train_beam5_encode_beam1 and train_beam5_encode_beam5
    public void Train_SharedVectors_HeldOutErrorIsBelowFaiss(int gainCopies, double faiss, double? faissWithBeam5)
    {
        Assert.SkipUnless(
            gainCopies == 0 || Vector128.IsHardwareAccelerated, "Training on copies takes minutes where no vectors are accelerated.");

        // faiss 1.7.3 on the same vectors: shared/data/training/faiss.json.
        var (train, shape) = Npy.ReadSingle(TestData.Path("training/d64_train.npy"));
        var (test, _) = Npy.ReadSingle(TestData.Path("training/d64_test.npy"));
        var options = new RvqTrainerOptions { CodebookCount = 8, CodebookSize = 256, GainCopies = gainCopies, MaxDegreeOfParallelism = 2 };
        var model = Train(train, shape[1], options);
        Assert.InRange(ModelError.Of(model, test, 1), 0, faiss);
        Assert.True(faissWithBeam5 is null || ModelError.Of(model, test, 5) <= faissWithBeam5);
    }

    [Fact]
    public void Train_GainCopies_LowerTheErrorOfNewLoudFrames()
    {
        // 1000 frames of loudness that varies for four codebooks of 64: what is learnt from few loud frames does not hold for others.
        var (train, test) = (Loud(1, 1000), Loud(2, 1000));
        var options = Small with { CodebookCount = 4, CodebookSize = 64 };
        var plain = ModelError.Of(Train(train, 16, options), test);
        var copies = ModelError.Of(Train(train, 16, options with { GainCopies = 3 }), test);
        Assert.True(copies < 0.9 * plain, $"{copies} is not below {plain}.");
    }

    [Fact]
    public void Train_GainCopiesWithAMeanFarFromZero_StayNearTheFrames()
    {
        // Gains are about the mean frame: about zero they would spread the copies over hundreds.
        float[] frames = [.. Frames(300, 4).Select(value => value + 1000)];
        var model = Train(frames, 4, Small with { GainCopies = 3, CodebookCount = 1 });
        Assert.All(Codewords(model, 0), row => Assert.All(row, value => Assert.InRange(value, 990, 1010)));
    }

    [Fact]
    public void Train_CopiesBeyondAnArray_ThrowBeforeTheyAreMade()
    {
        var error = Assert.Throws<ArgumentException>(() => Train(Frames(300, 4), 4, Small with { GainCopies = int.MaxValue }));
        Assert.Contains("2147483647 copies", error.Message, StringComparison.Ordinal);
    }

    private static RvqModel Train(ReadOnlySpan<float> frames, int dimensions, RvqTrainerOptions options)
        => RvqTrainer.Train(frames, dimensions, options, cancellationToken: TestContext.Current.CancellationToken);

    private static float[] Frames(int count, int dimensions)
    {
        var random = new Random(count * 31 + dimensions);
        var frames = new float[count * dimensions];
        foreach (ref var value in frames.AsSpan())
        {
            value = random.NextSingle() + random.NextSingle() - 1;
        }

        return frames;
    }

    private static float[] Loud(int seed, int count)
    {
        var random = new Random(seed);
        var frames = new float[count * 16];
        for (var frame = 0; frame < count; frame++)
        {
            var gain = Math.Exp(2 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5));
            for (var i = 0; i < 16; i++)
            {
                frames[frame * 16 + i] = (float)(gain * Math.Pow(0.7, i) * (random.NextDouble() + random.NextDouble() - 1));
            }
        }

        return frames;
    }

    private static double Energy(float[] frames) => frames.Sum(value => (double)value * value);

    private static float[][] Codewords(RvqModel model, int stage)
        => [.. Enumerable.Range(0, model.Stages[stage].Codebook.Size).Select(code => model.Stages[stage].Codebook[code].ToArray())];

    private static void AssertSame(RvqModel expected, RvqModel actual)
    {
        for (var stage = 0; stage < expected.CodebookCount; stage++)
        {
            Assert.Equal(Codewords(expected, stage), Codewords(actual, stage));
        }
    }

    private sealed class Immediate(Action<TrainingProgress> action) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => action(value);
    }
}
