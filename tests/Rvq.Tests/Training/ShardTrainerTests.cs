using Rvq.Training;

namespace Rvq.Tests.Training;

public sealed class ShardTrainerTests
{
    private const int Dimensions = 6;

    private static readonly RvqTrainerOptions Small = new() { CodebookCount = 3, CodebookSize = 16, Iterations = 8, Seed = 5 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<RvqTrainerOptions, int> AllOptions => new()
    {
        { Small, 3000 },
        { Small with { CodebookSizes = [16, 4, 9], CoarseToFine = false }, 3000 },
        { Small with { Initialization = CodebookInitialization.PlusPlus, Restarts = 2 }, 3000 },
        { Small with { GainCopies = 2, MaxDegreeOfParallelism = 3 }, 3000 },
        { Small with { CodebookSizes = [2, 300], Iterations = 7 }, 20_000 }, // iterations through the coarse view look at part of the rows
        { Small with { CodebookSize = 2, CodebookCount = 1 }, 140_000 }, // and early ones in all dimensions
        { Small with { CodebookSize = 2, CodebookCount = 1, Iterations = 40 }, 140_000 }, // converges before the last ones
    };

    [Theory]
    [MemberData(nameof(AllOptions))]
    public void Apply_AnyShards_GiveTheModelOfAllFramesInOne(RvqTrainerOptions options, int count)
    {
        var frames = Frames(count);
        var whole = RvqTrainer.Train(frames, Dimensions, options, cancellationToken: Token);
        AssertSame(whole,
            Train([frames[..(700 * Dimensions)], frames[(700 * Dimensions)..(701 * Dimensions)], frames[(701 * Dimensions)..]], options));
        var shuffled = frames.Chunk(Dimensions).ToArray();
        new Random(1).Shuffle(shuffled);
        AssertSame(whole, Train([[], [.. shuffled.SelectMany(row => row)]], options with { MaxDegreeOfParallelism = 2 }));
    }

    [Fact]
    public void Apply_MostFramesEqual_TrainsOnAll()
    {
        // Equal frames are in a part of all or out of it together; here a part would have next to none.
        var frames = Frames(60_000);
        Array.Fill(frames, 0.25f, 60 * Dimensions, frames.Length - (60 * Dimensions));
        var options = Small with { CodebookSize = 2, CodebookCount = 2 };
        var trainer = new ShardTrainer(frames, Dimensions, options, Token);
        for (var step = 0; step < 2; step++)
        {
            trainer.Apply(trainer.Measure());
        }

        Assert.Equal(60_000, trainer.Measure().FrameCount);
        AssertSame(
            RvqTrainer.Train(frames, Dimensions, options, cancellationToken: Token), Train([frames[..6000], frames[6000..]], options));
    }

    [Fact]
    public void Progress_OfTwoShards_IsTheSame()
    {
        var frames = Frames(400);
        var trainers = new[] { new ShardTrainer(frames.AsSpan(0, 600), Dimensions, Small, Token),
            new ShardTrainer(frames.AsSpan(600), Dimensions, Small, Token) };
        var last = 0.0;
        while (!trainers[0].IsFinished)
        {
            Step(trainers);
            Assert.Equal(trainers[0].Progress, trainers[1].Progress);
            Assert.InRange(trainers[0].Progress.Fraction, last, 1);
            last = trainers[0].Progress.Fraction;
        }

        Assert.Equal(1, last, 12);
    }

    [Fact]
    public void Measure_Twice_IsTheSame()
    {
        var trainer = new ShardTrainer(Frames(400), Dimensions, Small, Token);
        while (!trainer.IsFinished)
        {
            Assert.Equal(trainer.Measure().ToBytes(), trainer.Measure().ToBytes());
            trainer.Apply(trainer.Measure());
        }

        Assert.Throws<InvalidOperationException>(() => trainer.Measure());
    }

    [Fact]
    public void Add_EveryTruncationOfTheBytes_IsInvalidData()
    {
        var trainer = new ShardTrainer(Frames(20), Dimensions, Small with { CoarseToFine = false }, Token);
        for (var step = 0; step < 3; step++)
        {
            var (total, bytes) = (trainer.Measure(), trainer.Measure().ToBytes());
            var before = total.ToBytes();
            for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 300))
            {
                Assert.Throws<InvalidDataException>(() => total.Add(bytes.AsSpan(0, length)));
            }

            Assert.Throws<InvalidDataException>(() => total.Add([.. bytes, 0]));
            Assert.Equal(before, total.ToBytes());
            trainer.Apply(total);
        }
    }

    [Fact]
    public void Add_AnyFlippedByte_ThrowsOrIsTaken()
    {
        // No checksum: what cannot be is refused, and nothing crashes.
        var trainer = new ShardTrainer(Frames(20), Dimensions, Small with { CoarseToFine = false }, Token);
        for (var step = 0; step < 3; step++)
        {
            var bytes = trainer.Measure().ToBytes();
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 0xFF;
                var total = trainer.Measure();
                try
                {
                    total.Add(bytes);
                }
                catch (Exception e) when (e is InvalidDataException or ArgumentException)
                {
                }

                bytes[i] ^= 0xFF;
            }

            trainer.Apply(trainer.Measure());
        }
    }

    [Fact]
    public void Apply_OtherStepOrOptions_NamesBoth()
    {
        var (trainer, other) = (new ShardTrainer(Frames(400), Dimensions, Small, Token),
            new ShardTrainer(Frames(400), Dimensions, Small with { CodebookSize = 8 }, Token));
        var old = trainer.Measure();
        Step([trainer]);
        var error = Assert.Throws<ArgumentException>(() => trainer.Apply(old));
        Assert.Contains("step 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("step 1", error.Message, StringComparison.Ordinal);
        Step([trainer]);
        Step([other]);
        Step([other]);
        Assert.Throws<ArgumentException>(() => trainer.Measure().Add(other.Measure()));
        Assert.Throws<InvalidDataException>(() => trainer.Measure().Add(other.Measure().ToBytes()));
        Assert.Throws<InvalidOperationException>(() => trainer.ToModel());
    }

    [Fact]
    public void Apply_FewerFramesThanCodewords_NamesBoth()
    {
        var trainer = new ShardTrainer(Frames(15), Dimensions, Small, Token);
        var error = Assert.Throws<ArgumentException>(() => trainer.Apply(trainer.Measure()));
        Assert.Contains("15 frames", error.Message, StringComparison.Ordinal);
        Assert.Contains("16 codewords", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_BadArguments_Throw()
    {
        Assert.Throws<ArgumentException>(() => new ShardTrainer(new float[7], Dimensions));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardTrainer([], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ShardTrainer([], 6, Small with { Iterations = 0 }));
        var frames = Frames(20);
        frames[13] = float.NaN;
        var error = Assert.Throws<ArgumentException>(() => new ShardTrainer(frames, Dimensions, Small));
        Assert.Contains("frame 2, dimension 1", error.Message, StringComparison.Ordinal);
    }

    private static RvqModel Train(float[][] shards, RvqTrainerOptions options)
    {
        var trainers = Array.ConvertAll(shards, shard => new ShardTrainer(shard, Dimensions, options, Token));
        while (!trainers[0].IsFinished)
        {
            Step(trainers);
        }

        AssertSame(trainers[0].ToModel(), trainers[^1].ToModel());
        return trainers[0].ToModel();
    }

    // Every process adds the others' bytes to its own, so each adds in another order.
    private static void Step(ShardTrainer[] trainers)
    {
        var bytes = Array.ConvertAll(trainers, trainer => trainer.Measure().ToBytes());
        for (var i = 0; i < trainers.Length; i++)
        {
            var total = trainers[i].Measure();
            for (var j = trainers.Length - 1; j >= 0; j--)
            {
                if (j != i)
                {
                    total.Add(bytes[j]);
                }
            }

            trainers[i].Apply(total);
        }
    }

    private static float[] Frames(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count * Dimensions)
            .Select(i => (random.NextSingle() + random.NextSingle() - 1) * MathF.Pow(0.6f, i % Dimensions))];
    }

    private static void AssertSame(RvqModel expected, RvqModel actual)
    {
        Assert.Equal(expected.CodebookCount, actual.CodebookCount);
        for (var stage = 0; stage < expected.CodebookCount; stage++)
        {
            var (one, other) = (expected.Stages[stage].Codebook, actual.Stages[stage].Codebook);
            Assert.Equal(one.Size, other.Size);
            for (var code = 0; code < one.Size; code++)
            {
                Assert.Equal(one[code].ToArray(), other[code].ToArray());
            }
        }
    }
}
