using System.Text.Json;
using Rvq.Training;

namespace Rvq.Tests.Training;

/// <summary>
/// Step by step beside EnCodec, Mimi and vector-quantize-pytorch, with their random draws (shared/data/reference/trace-*).
/// </summary>
public sealed class EmaTraceTests
{
    private const double Tolerance = 1e-4;

    private static readonly EmaTrainerOptions EnCodec = new()
    {
        CodebookCount = 1,
        CodebookSize = 32,
        Decay = 0.9,
        Smoothing = UsageSmoothing.Laplace,
        DeadCodeRule = DeadCodeRule.None,
        InitializationIterations = 10,
        CoarseToFine = false,
    };

    private static readonly EmaTrainerOptions Vqp =
        EnCodec with { DeadCodeRule = DeadCodeRule.BelowThreshold, DeadCodeThreshold = 2, DeadCodeInterval = 1 };

    private static readonly EmaTrainerOptions Mimi = EnCodec with
    {
        Smoothing = UsageSmoothing.Clamp,
        DeadCodeRule = DeadCodeRule.BelowMean,
        DeadCodeThreshold = 0.3,
        DeadCodeInterval = 5,
        InitializationIterations = 50,
    };

    public static TheoryData<string> SingleCases =>
    [
        "trace-encodec-ema", "trace-encodec-ema-deadcodes", "trace-encodec-ema-uniform", "trace-mimi-ema", "trace-vqp-ema",
        "trace-vqp-ema-deadcodes",
    ];

    [Theory]
    [MemberData(nameof(SingleCases))]
    public void Step_SingleCodebook_FollowsTheTrace(string name)
    {
        var trace = new Trace(name);
        var trainer = new EmaTrainer(8, OptionsOf(name));
        trace.Restore(trainer, 0, 1);
        var quantized = new float[128 * 8];
        var codes = new int[128];
        var replaced = 0;
        for (var step = 0; step < 20; step++)
        {
            trainer.Draw = trace.DrawOfStep(
                step, byCodeword: name.Contains("mimi", StringComparison.Ordinal), trace.Batches.AsMemory(step * 1024, 1024));
            var before = trainer.Codebooks[0].Codewords.ToArray();
            var outcome = trainer.Step(trace.Batches.AsSpan(step * 1024, 1024), quantized, codes);
            Assert.Equal(trace.Codes.AsSpan(step * 128, 128).ToArray(), codes.Select(code => (long)code));
            Assert.Equal(codes.SelectMany(code => before.AsSpan(code * 8, 8).ToArray()), quantized);
            Assert.Equal(codes.Distinct().Count(), outcome.Stages[0].UsedCodes);
            trace.AssertState(trainer, step + 1, 1);
            replaced += outcome.Stages[0].ReplacedCodes;
        }

        Assert.Equal(name is "trace-mimi-ema" or "trace-vqp-ema-deadcodes", replaced > 0);
    }

    [Theory]
    [InlineData("trace-encodec-ema")]
    [InlineData("trace-mimi-ema")]
    [InlineData("trace-vqp-ema")]
    public void Start_RecordedFirstRows_GivesTheTracesCodebook(string name)
    {
        var trace = new Trace(name);
        var codebook = new EmaCodebook(32, 8, OptionsOf(name));
        var (samples, _) = Npy.ReadSingle(trace.File("kmeans_samples.npy"));
        var first = Npy.ReadInt64(trace.File("kmeans_initial_indices.npy")).Data.Select(row => (int)row).ToArray();
        new EmaInitialization(8, OptionsOf(name), inputs => [.. first.SelectMany(row => inputs.AsSpan(row * 8, 8).ToArray())])
            .Start(codebook, samples, 0);
        AssertClose(trace.Codewords.AsSpan(0, 256), codebook.Codewords);
        AssertClose(trace.Usage.AsSpan(0, 32), codebook.Usage);
        if (name != "trace-encodec-ema")
        {
            // EnCodec starts its sums with the means, not with means times counts: the known bug that shrinks every codeword at once.
            AssertClose(trace.Sums.AsSpan(0, 256), codebook.Sums);
        }
    }

    [Theory]
    [InlineData("trace-encodec-rvq")]
    [InlineData("trace-vqp-rvq")]
    [InlineData("trace-vqp-shared")]
    public void Step_ResidualStages_FollowsTheTrace(string name)
    {
        var trace = new Trace(name);
        var encodec = name == "trace-encodec-rvq";
        var shared = name == "trace-vqp-shared";
        var options =
            (encodec ? EnCodec : Vqp with { DeadCodeThreshold = 1 }) with { CodebookCount = 3, CodebookSize = 16, SharedCodebook = shared };
        var trainer = new EmaTrainer(
            8, shared ? options with { DeadCodeRule = DeadCodeRule.None } : options)
        { FirstCodewords = trace.DrawOfStart() };
        var losses = trace.Losses;
        var (first, _) = Npy.ReadSingle(trace.File("batch_first.npy"));
        var batch = Trace.TimeMajor(first, 4, encodec);
        var quantized = new float[batch.Length];
        var codes = new int[256 * 3];
        if (encodec)
        {
            // The codes of the first step come from the k-means codewords; the averages differ by EnCodec's bug, so the second step starts
            // from its state.
            var outcome = trainer.Step(batch, quantized, codes);
            Assert.Equal(losses[0], outcome.CommitmentLoss, losses[0] * Tolerance);
        }
        else
        {
            var outcome = trainer.Step(batch, quantized, codes);
            Assert.Equal(losses[0], outcome.CommitmentLoss * 3, losses[0] * Tolerance);
            trace.AssertState(trainer, 0, shared ? 1 : 3);
        }

        Assert.Equal(Trace.FrameMajor(Npy.ReadInt64(trace.File("codes_first.npy")).Data, 4, encodec), codes.Select(code => (long)code));
        AssertClose(Trace.TimeMajor(Npy.ReadSingle(trace.File("quantized_first.npy")).Data, 4, encodec), quantized);
        if (encodec)
        {
            trace.Restore(trainer, 0, 3);
        }

        trainer.Draw = (_, _) => throw new InvalidOperationException("The original draws nothing after the start.");
        quantized = new float[128 * 8];
        codes = new int[128 * 3];
        for (var step = 0; step < 11; step++)
        {
            var outcome = trainer.Step(Trace.TimeMajor(trace.Batches.AsSpan(step * 1024, 1024).ToArray(), 2, encodec), quantized, codes);
            Assert.Equal(Trace.FrameMajor(trace.Codes.AsSpan(step * 384, 384).ToArray(), 2, encodec), codes.Select(code => (long)code));
            AssertClose(Trace.TimeMajor(trace.Quantized.AsSpan(step * 1024, 1024).ToArray(), 2, encodec), quantized);
            Assert.Equal(losses[step + 1], outcome.CommitmentLoss * (encodec ? 1 : 3), losses[step + 1] * Tolerance);
            trace.AssertState(trainer, step + 1, shared ? 1 : 3);
        }
    }

    private static EmaTrainerOptions OptionsOf(string name) => name switch
    {
        "trace-mimi-ema" => Mimi,
        "trace-vqp-ema" => Vqp with { DeadCodeRule = DeadCodeRule.None },
        "trace-vqp-ema-deadcodes" => Vqp,
        _ => EnCodec,
    };

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        // A component near zero carries the rounding of larger ones: relative to a hundredth of the largest at least.
        Assert.Equal(expected.Length, actual.Length);
        var scale = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(expected);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance * Math.Max(Math.Abs(expected[i]), 0.01f * Math.Abs(scale)),
                $"{actual[i]} at {i} instead of {expected[i]}.");
        }
    }

    private sealed class Trace
    {
        private readonly string _folder;
        private readonly JsonElement _case;
        private readonly bool _mimi;

        public Trace(string name)
        {
            _folder = TestData.Path("reference/" + name);
            _mimi = name == "trace-mimi-ema";
            _case = JsonDocument.Parse(System.IO.File.ReadAllText(File("case.json"))).RootElement;
            Batches = Npy.ReadSingle(File("batches.npy")).Data;
            Codes = Npy.ReadInt64(File("codes.npy")).Data;
            Sums = Npy.ReadSingle(File(_mimi ? "embedding_sum.npy" : "embed_avg.npy")).Data;
            Usage = Npy.ReadSingle(File(_mimi ? "cluster_usage.npy" : "cluster_size.npy")).Data;
            Codewords = _mimi
                ? [.. Sums.Select((sum, i) => sum / Math.Max(Usage[i / 8], 1e-5f))]
                : Npy.ReadSingle(File("embed.npy")).Data;
        }

        public float[] Batches { get; }

        public long[] Codes { get; }

        public float[] Sums { get; }

        public float[] Usage { get; }

        public float[] Codewords { get; }

        public float[] Quantized => Npy.ReadSingle(File("quantized.npy")).Data;

        // float64, which Npy does not read.
        public double[] Losses
            => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(
                System.IO.File.ReadAllBytes(File("losses.npy")).AsSpan()[^(12 * 8)..]).ToArray();

        public string File(string name) => System.IO.Path.Combine(_folder, name);

        public void Restore(EmaTrainer trainer, int index, int stages)
        {
            for (var stage = 0; stage < stages; stage++)
            {
                var (book, size) = (trainer.Codebooks[stage], trainer.Options.CodebookSize);
                var row = index * stages + stage;
                Codewords.AsSpan(row * size * 8, size * 8).CopyTo(book.Codewords);
                Sums.AsSpan(row * size * 8, size * 8).CopyTo(book.Sums);
                Usage.AsSpan(row * size, size).CopyTo(book.Usage);
                book.Steps = 0;
            }
        }

        public void AssertState(EmaTrainer trainer, int index, int stages)
        {
            for (var stage = 0; stage < stages; stage++)
            {
                var (book, size) = (trainer.Codebooks[stage], trainer.Options.CodebookSize);
                var row = index * stages + stage;
                AssertClose(Codewords.AsSpan(row * size * 8, size * 8), book.Codewords);
                AssertClose(Sums.AsSpan(row * size * 8, size * 8), book.Sums);
                AssertClose(Usage.AsSpan(row * size, size), book.Usage);
            }
        }

        /// <summary>
        /// The one permutation drawn in a step: Mimi gives row k to codeword k, vector-quantize-pytorch row i to the i-th dead codeword.
        /// </summary>
        public DrawRow DrawOfStep(int step, bool byCodeword, ReadOnlyMemory<float> batch) => (codeword, order) =>
        {
            var row = _case.GetProperty("random_choices")[step][0][byCodeword ? codeword : order].GetInt32();
            return batch.Span.Slice(row * 8, 8);
        };

        /// <summary>The permutations drawn in the first step, one for each codebook that starts.</summary>
        public Func<float[], float[]> DrawOfStart()
        {
            var call = 0;
            return inputs =>
            {
                var rows = _case.GetProperty("random_permutations_first_K")[0][call++].EnumerateArray().Select(row => row.GetInt32());
                return [.. rows.SelectMany(row => inputs.AsSpan(row * 8, 8).ToArray())];
            };
        }

        /// <summary>[B, D, T] to [B, T, D] where the case is EnCodec's.</summary>
        public static float[] TimeMajor(float[] values, int sequences, bool transpose)
            => transpose
                ? [.. Enumerable.Range(0, sequences * 64 * 8).Select(i => values[i / 512 * 512 + i % 8 * 64 + i / 8 % 64])] : values;

        /// <summary>[N, B, T] to [B, T, N] where the case is EnCodec's.</summary>
        public static long[] FrameMajor(long[] codes, int sequences, bool transpose)
            => transpose ? [.. Enumerable.Range(0, sequences * 64 * 3).Select(i => codes[i % 3 * sequences * 64 + i / 3])] : codes;
    }
}
