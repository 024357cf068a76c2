using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>A step in two halves, and a start from a model (shared/data/reports/ema-warm-start-and-allreduce).</summary>
public sealed class EmaWorkersTests
{
    private const int Dimensions = 5;

    public static TheoryData<EmaTrainerOptions> AllOptions =>
    [
        new EmaTrainerOptions { Decay = 0.8, DeadCodeInterval = 1, DeadCodeThreshold = 0.6, Seed = 3 },
        new EmaTrainerOptions { Decay = 0.5, DeadCodeRule = DeadCodeRule.BelowThreshold, DeadCodeThreshold = 3, DeadCodeInterval = 2,
            Smoothing = UsageSmoothing.Laplace, QuantizerDropout = 0.5 },
        new EmaTrainerOptions { Decay = 0.9, SharedCodebook = true, DeadCodeRule = DeadCodeRule.BelowThreshold, DeadCodeThreshold = 40,
            DeadCodeInterval = 1, MaxDegreeOfParallelism = 3 },
        new EmaTrainerOptions { Decay = 0.8, DeadCodeInterval = 1, DeadCodeThreshold = 0.6, Metric = SearchMetric.Cosine },
    ];

    [Fact]
    public void From_OneDimension_IsTheReportsExample()
    {
        var trainer = EmaTrainer.From(new RvqModel(new Codebook([0f, 10f], 1)), new EmaTrainerOptions { Decay = 0.5 });
        var codes = new int[2];
        trainer.Step([1f, 11f], new float[2], codes);
        Assert.Equal([0, 1], codes);
        Assert.Equal([0.5f, 10.5f], trainer.Codebooks[0].Sums);
        Assert.Equal([1f, 1f], trainer.Codebooks[0].Usage);
        Assert.Equal([0.5f, 10.5f], trainer.Codebooks[0].Codewords);
    }

    [Fact]
    public void Apply_TwoWorkersOfOneFrame_IsTheReportsExample()
    {
        var workers = Enumerable.Range(0, 2)
            .Select(_ => EmaTrainer.From(new RvqModel(new Codebook([0f, 10f], 1)), new EmaTrainerOptions { Decay = 0.5 })).ToArray();
        var total = workers[0].Encode([1f], new float[1], new int[1]);
        total.Add(workers[1].Encode([11f], new float[1], new int[1]));
        foreach (var worker in workers)
        {
            Assert.Equal(0.5 * (1 + 1), worker.Apply(total).CommitmentLoss);
            Assert.Equal([0.5f, 10.5f], worker.Codebooks[0].Codewords);
        }
    }

    [Theory]
    [MemberData(nameof(AllOptions))]
    public void Apply_AnyWorkersInAnyOrder_IsTheStepOfTheWholeBatch(EmaTrainerOptions options)
    {
        var model = Model(options);
        var one = EmaTrainer.From(model, options);
        var workers = Enumerable.Range(0, 3).Select(_ => EmaTrainer.From(model, options)).ToArray();
        var replaced = 0;
        for (var step = 0; step < 12; step++)
        {
            var frames = Batch(step);
            var (quantized, codes) = (new float[frames.Length], new int[frames.Length / Dimensions * 3]);
            var expected = one.Step(frames, quantized, codes);
            replaced += expected.Stages.Sum(stage => stage.ReplacedCodes);
            var parts = new[] { frames[..(17 * Dimensions)], frames[(17 * Dimensions)..(18 * Dimensions)], frames[(18 * Dimensions)..] };
            var measured = new byte[3][];
            for (var worker = 0; worker < 3; worker++)
            {
                var part = parts[worker];
                var (partQuantized, partCodes) = (new float[part.Length], new int[part.Length / Dimensions * 3]);
                measured[worker] = workers[worker].Encode(part, partQuantized, partCodes).ToBytes();
                var first = parts[..worker].Sum(before => before.Length) / Dimensions;
                Assert.Equal(codes.AsSpan(first * 3, partCodes.Length).ToArray(), partCodes);
                Assert.Equal(quantized.AsSpan(first * Dimensions, part.Length).ToArray(), partQuantized);
            }

            for (var worker = 0; worker < 3; worker++)
            {
                var total = workers[worker]
                    .Encode(parts[worker], new float[parts[worker].Length], new int[parts[worker].Length / Dimensions * 3]);
                total.Add(measured[(worker + 2) % 3]);
                total.Add(measured[(worker + 1) % 3]);
                var outcome = workers[worker].Apply(total);
                Assert.Equal(expected.Stages, outcome.Stages);
                Assert.Equal(expected.Loss, outcome.Loss);
                AssertSameState(one, workers[worker]);
            }
        }

        Assert.True(replaced > 0);
    }

    [Fact]
    public void Encode_OnlyMeasures()
    {
        var options = AllOptions.First().Data;
        var trainer = EmaTrainer.From(Model(options), options);
        var frames = Batch(1);
        var first = trainer.Encode(frames, new float[frames.Length], new int[frames.Length / Dimensions * 3]).ToBytes();
        Assert.Equal(first, trainer.Encode(frames, new float[frames.Length], new int[frames.Length / Dimensions * 3]).ToBytes());
        AssertSameState(EmaTrainer.From(Model(options), options), trainer);
    }

    [Fact]
    public void From_Model_EncodesWithIt()
    {
        var options = new EmaTrainerOptions { QuantizerDropout = 0 };
        var model = Model(options);
        var trainer = EmaTrainer.From(model, options);
        Assert.Equal((3, 7), (trainer.Options.CodebookCount, trainer.Options.CodebookSize));
        Assert.True(trainer.IsInitialized);
        var (frames, codes) = (Batch(1), new int[120 * 3]);
        trainer.Step(frames, new float[frames.Length], codes);
        Assert.Equal(new Quantizer(model).Encode(frames), codes);
    }

    [Fact]
    public void From_SizesThatDiffer_AreTheModels()
    {
        var model = new RvqModel(new Codebook([0f, 1, 2], 1), new Codebook([0f, 0.1f], 1));
        var trainer = EmaTrainer.From(model);
        var codes = new int[4];
        trainer.Step([2.1f, 0f], new float[2], codes);
        Assert.Equal([2, 1, 0, 0], codes);
        Assert.Equal([3, 2], trainer.ToModel().Stages.ToArray().Select(stage => stage.Codebook.Size));
    }

    [Fact]
    public void From_ThresholdAboveOne_KillsNoCodewordAtOnce()
    {
        // A codeword that counts as one frame would be below the threshold of 2 at once, although it has its two frames a step.
        var options =
            new EmaTrainerOptions { DeadCodeRule = DeadCodeRule.BelowThreshold, DeadCodeThreshold = 2, DeadCodeInterval = 1, Decay = 0.8 };
        var trainer = EmaTrainer.From(new RvqModel(new Codebook([0f, 10f], 1)), options);
        Assert.Equal(0, trainer.Step([0f, 0.1f, 10f, 10.1f], new float[4], new int[4]).Stages[0].ReplacedCodes);
    }

    [Fact]
    public void From_OtherModels_Throw()
    {
        var codebook = new Codebook([0f, 1, 2, 3], 2);
        void Throws(string message, RvqModel model, EmaTrainerOptions? options = null)
            => Assert.Contains(
                message, Assert.Throws<ArgumentException>(() => EmaTrainer.From(model, options)).Message, StringComparison.Ordinal);

        Throws("Cosine", new RvqModel(new ResidualStack([new Stage(codebook, metric: SearchMetric.Cosine)])));
        Throws("stride of 2", new RvqModel(new ResidualStack([new Stage(codebook, stride: 2)])));
        Throws("2 stacks", new RvqModel(new ResidualStack([new Stage(codebook)]), new ResidualStack([new Stage(codebook)])));
        Throws("projections", new RvqModel(new ResidualStack([new Stage(codebook)], new Projection([1, 0, 0, 1], 2), null)));
        Throws("differs from codebook 0", new RvqModel(codebook, new Codebook([0f, 1, 2, 4], 2)),
            new EmaTrainerOptions { SharedCodebook = true });
        Throws("sizes go from 1 to 2", new RvqModel(codebook, new Codebook([0f, 1], 2)), new EmaTrainerOptions { SharedCodebook = true });
        Throws("length 3.606", new RvqModel(new ResidualStack([new Stage(new Codebook([2, 3], 2), metric: SearchMetric.Cosine)])),
            new EmaTrainerOptions { Metric = SearchMetric.Cosine });
    }

    [Fact]
    public void Halves_OutOfOrder_NameBoth()
    {
        var trainer = EmaTrainer.From(Model(new EmaTrainerOptions()));
        var (frames, quantized, codes) = (Batch(1), new float[120 * Dimensions], new int[120 * 3]);
        var total = trainer.Encode(frames, quantized, codes);
        trainer.Step(frames, quantized, codes);
        var error = Assert.Throws<ArgumentException>(() => trainer.Apply(total));
        Assert.Contains("step 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("step 1", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => trainer.Encode(frames, quantized, codes).Add(total));
        Assert.Throws<InvalidDataException>(() => trainer.Encode(frames, quantized, codes).Add(total.ToBytes()));
        Assert.Throws<ArgumentException>(
            () => trainer.Apply(EmaTrainer.From(new RvqModel(new Codebook([1f], 1))).Encode([1f], new float[1], new int[1])));
        Assert.Throws<InvalidOperationException>(() => new EmaTrainer(Dimensions).Encode(frames, quantized, codes));
        Assert.Throws<InvalidOperationException>(() => new EmaTrainer(Dimensions).Apply(total));
    }

    [Fact]
    public void Add_BytesCutOrChanged_ThrowOrAreTaken()
    {
        var options = AllOptions.First().Data;
        var trainer = EmaTrainer.From(Model(options), options);
        var (quantized, codes) = (new float[120 * Dimensions], new int[120 * 3]);
        var bytes = trainer.Encode(Batch(1), quantized, codes).ToBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var total = trainer.Encode(Batch(2).AsSpan(0, 16 * Dimensions), quantized.AsSpan(0, 16 * Dimensions), codes.AsSpan(0, 48));
            Assert.Throws<InvalidDataException>(() => total.Add(bytes.AsSpan(0, i)));
            bytes[i] ^= 0xFF;
            try
            {
                total.Add(bytes);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException)
            {
            }

            bytes[i] ^= 0xFF;
        }
    }

    private static RvqModel Model(EmaTrainerOptions options)
    {
        var trainer = new EmaTrainer(Dimensions, options with { CodebookCount = 3, CodebookSize = 7, QuantizerDropout = 0 });
        var frames = Batch(0);
        trainer.Step(frames, new float[frames.Length], new int[frames.Length / Dimensions * 3]);
        return trainer.ToModel();
    }

    private static float[] Batch(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 120 * Dimensions).Select(_ => random.NextSingle() + random.NextSingle() - 1 + (0.1f * seed))];
    }

    private static void AssertSameState(EmaTrainer expected, EmaTrainer actual)
    {
        for (var book = 0; book < expected.Codebooks.Length; book++)
        {
            Assert.Equal(expected.Codebooks[book].Codewords, actual.Codebooks[book].Codewords);
            Assert.Equal(expected.Codebooks[book].Sums, actual.Codebooks[book].Sums);
            Assert.Equal(expected.Codebooks[book].Usage, actual.Codebooks[book].Usage);
        }

        Assert.Equal(expected.Random.State.ToArray(), actual.Random.State.ToArray());
    }
}
