using System.Numerics.Tensors;
using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>Views of any strides, and padding that takes no part in anything (shared/data/reports/padding-mask-training).</summary>
public sealed class EmaPaddingTests
{
    private const int Dimensions = 8;
    private const int Time = 100;

    private static readonly int[] Lengths = [100, 20, 0, 30, 10];

    private static readonly EmaTrainerOptions Options = new()
    {
        CodebookCount = 2,
        CodebookSize = 16,
        Seed = 1,
        DeadCodeInterval = 1,
        DeadCodeThreshold = 0.5,
        Decay = 0.7,
    };

    [Theory]
    [InlineData(false, 0f)]
    [InlineData(true, 5f)]
    [InlineData(true, float.NaN)]
    public void Step_PaddedView_IsTheStepOfTheFramesThatCount(bool channelsFirst, float padding)
    {
        var (packed, padded) = (new EmaTrainer(Dimensions, Options), new EmaTrainer(Dimensions, Options));
        var replaced = 0;
        for (var step = 0; step < 6; step++)
        {
            var (valid, batch) = Batch(step, padding);
            var (quantized, codes, gradient) = (new float[valid.Length], new int[valid.Length / Dimensions * 2], new float[valid.Length]);
            var expected = packed.Step(valid, quantized, codes, gradient);
            var memory = channelsFirst ? Transposed(batch) : batch;
            var (quantizedMemory, codesMemory, gradientMemory) =
                (new float[memory.Length], new int[memory.Length / Dimensions * 2], new float[memory.Length]);
            var outcome = padded.Step(
                View<float>(memory, channelsFirst), View<float>(quantizedMemory, channelsFirst),
                new TensorSpan<int>(codesMemory, [5, Time, 2]), Lengths, View<float>(gradientMemory, channelsFirst));
            Assert.Equal(expected.Stages, outcome.Stages);
            Assert.Equal(expected.Loss, outcome.Loss);
            Assert.Equal(160, outcome.FrameCount);
            replaced += outcome.Stages.Sum(stage => stage.ReplacedCodes);
            Assert.Equal(Spread(quantized, Dimensions, 0), channelsFirst ? Transposed(quantizedMemory, back: true) : quantizedMemory);
            Assert.Equal(Spread(gradient, Dimensions, 0), channelsFirst ? Transposed(gradientMemory, back: true) : gradientMemory);
            Assert.Equal(Spread(codes, 2, -1), codesMemory);
        }

        Assert.True(replaced > 0);
        Assert.Equal(packed.Codebooks[1].Sums, padded.Codebooks[1].Sums);
        Assert.Equal(packed.Codebooks[1].Codewords, padded.Codebooks[1].Codewords);
    }

    [Fact]
    public void Train_PaddedView_IsTheModelOfTheFramesThatCount()
    {
        var (valid, batch) = Batch(0, 9);
        var options = new RvqTrainerOptions { CodebookCount = 2, CodebookSize = 8, Iterations = 4 };
        var expected = RvqTrainer.Train(valid, Dimensions, options, cancellationToken: TestContext.Current.CancellationToken);
        var view = Layouts.ChannelsFirst<float>(Transposed(batch), 5, Dimensions, Time);
        var model = RvqTrainer.Train(view, Lengths, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(new Quantizer(expected).Encode(valid), new Quantizer(model).Encode(valid));
        Assert.Equal(expected.Stages[1].Codebook[3].ToArray(), model.Stages[1].Codebook[3].ToArray());
    }

    [Fact]
    public void Step_NotFiniteInAPaddedBatch_NamesTheFrameOfTheView()
    {
        var trainer = new EmaTrainer(1, new EmaTrainerOptions { CodebookCount = 1, CodebookSize = 1 });
        var error = Assert.Throws<ArgumentException>(() => trainer.Step(
            new ReadOnlyTensorSpan<float>([1, 2, 3, float.NaN], [2, 2, 1]), new TensorSpan<float>(new float[4], [2, 2, 1]),
            new TensorSpan<int>(new int[4], [2, 2, 1]), [1, 2]));
        Assert.Contains("frame 3, dimension 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_ViewsThatDoNotFit_ThrowAndChangeNothing()
    {
        var trainer = new EmaTrainer(2, new EmaTrainerOptions { CodebookCount = 1, CodebookSize = 1 });
        var (values, sums, codes) = (new float[12], new float[12], new int[6]);
        Array.Fill(codes, 7);
        void Throws(string message, nint[] frames, nint[] quantized, nint[] columns, params int[] lengths)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => trainer.Step(
                new ReadOnlyTensorSpan<float>(values, frames), new TensorSpan<float>(sums, quantized), new TensorSpan<int>(codes, columns),
                lengths)).Message, StringComparison.Ordinal);

        Throws("last axis of 3", [2, 2, 3], [2, 2, 3], [2, 2, 1]);
        Throws("1 axes", [12], [12], [6]);
        Throws("quantized has the shape [3, 2, 2]", [2, 3, 2], [3, 2, 2], [2, 3, 1]);
        Throws("codes has the shape [2, 3]", [2, 3, 2], [2, 3, 2], [2, 3]);
        Throws("lengths has 3 values, but frames has 2 items", [2, 3, 2], [2, 3, 2], [2, 3, 1], 1, 2, 3);
        Throws("Item 1 has 3 frames, but lengths says 4", [2, 3, 2], [2, 3, 2], [2, 3, 1], 1, 4);
        Throws("lengths says -1", [2, 3, 2], [2, 3, 2], [2, 3, 1], -1, 3);
        Throws("no frame that counts", [2, 3, 2], [2, 3, 2], [2, 3, 1], 0, 0);
        Throws("no frame that counts", [2, 0, 2], [2, 0, 2], [2, 0, 1]);
        Assert.False(trainer.IsInitialized);
        Assert.All(codes, code => Assert.Equal(7, code));
        Assert.Throws<ArgumentException>(() => trainer.Step(
            new ReadOnlyTensorSpan<float>(values, [2, 3, 2]), new TensorSpan<float>(sums, [2, 3, 2], [0, 2, 1]),
            new TensorSpan<int>(codes, [2, 3, 1])));
    }

    private static TensorSpan<T> View<T>(T[] memory, bool channelsFirst)
        => channelsFirst ? Layouts.ChannelsFirst(memory, 5, Dimensions, Time) : new TensorSpan<T>(memory, [5, Time, Dimensions]);

    private static (float[] Valid, float[] Batch) Batch(int seed, float padding)
    {
        var random = new Random(seed);
        float[] valid =
            [.. Enumerable.Range(0, 160 * Dimensions).Select(_ => random.NextSingle() + random.NextSingle() - 1 + (0.3f * seed))];
        return (valid, Spread(valid, Dimensions, padding));
    }

    // The rows of each item, followed by padding.
    private static T[] Spread<T>(T[] rows, int width, T padding)
    {
        var result = new T[5 * Time * width];
        Array.Fill(result, padding);
        for (var (item, row) = (0, 0); item < 5; row += Lengths[item++])
        {
            rows.AsSpan(row * width, Lengths[item] * width).CopyTo(result.AsSpan(item * Time * width));
        }

        return result;
    }

    // [B, T, D] to [B, D, T], or back.
    private static float[] Transposed(float[] values, bool back = false)
    {
        var result = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (item, time, dimension) = (i / (Time * Dimensions), i / Dimensions % Time, i % Dimensions);
            var other = (item * Time * Dimensions) + (dimension * Time) + time;
            (back ? ref result[i] : ref result[other]) = back ? values[other] : values[i];
        }

        return result;
    }
}
