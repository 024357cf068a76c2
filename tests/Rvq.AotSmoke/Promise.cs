using Rvq.Streams;
using Rvq.Tokens;
using Rvq.Training;

namespace Rvq.AotSmoke;

/// <summary>
/// "The same codes on every machine", checked: hashes of codes, frames, bytes, trained models and tokens over models of every kind. The
/// values below are those of x64 with AVX2; every other machine and setting has to give them too. That the codes are right is what the test
/// suite shows.
/// </summary>
internal static partial class Promise
{
    private const int FrameCount = 48;

    private static readonly (string Name, Func<Samples, RvqModel> Make)[] Models =
    [
        ("plain", samples => samples.Plain(6, 512, 64)),
        ("wide", samples => samples.Plain(2, 128, 300)),
        ("odd", samples => samples.Plain(3, 100, 37)),
        ("tiny", samples => samples.Plain(12, 16, 64)),
        ("smallest", samples => samples.Plain(5, 2, 3)),
        ("one codeword", samples => samples.Plain(2, 1, 5)),
        ("large K", samples => samples.Plain(1, 5000, 8)),
        ("cosine", samples => new RvqModel(new ResidualStack([new Stage(samples.Codebook(256, 32), metric: SearchMetric.Cosine)]))),
        ("DAC", samples => samples.Projecting(96, 8, 256, 1, 1, 1, 1)),
        ("SNAC", samples => samples.Projecting(96, 8, 256, 4, 2, 1)),
        ("Mimi", samples => samples.Split(80, 40, 256, 3)),
    ];

    /// <summary>Counts the hashes that are and are not as expected; those that differ are named on standard error.</summary>
    public static (int Equal, int Different) Check()
    {
        var (equal, different) = (0, 0);
        var expected = Expected.ToDictionary(entry => entry.Name, entry => entry.Hash);
        foreach (var (name, hash) in Compute())
        {
            if (expected.Remove(name, out var wanted) && hash == wanted)
            {
                equal++;
                continue;
            }

            different++;
            Console.Error.WriteLine($"{name}: 0x{hash:X16}, expected 0x{wanted:X16}");
        }

        foreach (var name in expected.Keys)
        {
            different++;
            Console.Error.WriteLine($"{name}: expected, but not computed");
        }

        return (equal, different);
    }

    public static IEnumerable<(string Name, ulong Hash)> Compute()
    {
        var index = 0UL;
        foreach (var (name, make) in Models)
        {
            var samples = new Samples(++index);
            var model = make(samples);
            var frames = samples.Frames(FrameCount, model.Dimensions, model.Stages[0].Codebook);
            foreach (var hash in Coding(name, model, frames))
            {
                yield return hash;
            }
        }

        yield return ("overflow, frames", Digest.Of(new Dequantizer(Overflowing()).Decode([0, 0, 1, 1, 0, 1])));
        foreach (var hash in Trained().Concat(Tokens()))
        {
            yield return hash;
        }
    }

    /// <summary>
    /// What an encoder, a decoder, packing and a stream make of frames; batches, single frames and threads have to agree.
    /// </summary>
    private static IEnumerable<(string Name, ulong Hash)> Coding(string name, RvqModel model, float[] frames)
    {
        var quantizer = new Quantizer(model);
        var codes = quantizer.Encode(frames);
        Same(name, "block by block", codes, ByBlock(quantizer, frames));
        Same(name, "on two threads", codes, new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = 2 }).Encode(frames));
        yield return ($"{name}, codes", Digest.Of(codes));
        yield return ($"{name}, frames", Digest.Of(new Dequantizer(model).Decode(codes)));
        if (model.Stages.ToArray().All(stage => stage is { InputProjection: null, OutputProjection: null, Metric: SearchMetric.Euclidean }))
        {
            var beam = new Quantizer(model, new QuantizerOptions { BeamWidth = 5 });
            var best = beam.Encode(frames);
            Same(name, "block by block with a beam", best, ByBlock(beam, frames));
            yield return ($"{name}, codes of a beam", Digest.Of(best));
        }

        var bits = model.Stages.ToArray().SelectMany(
            stage => Enumerable.Repeat(stage.Codebook.BitsPerCode, model.FramesPerBlock / stage.Stride)).ToArray();
        var packed = new byte[CodePacking.GetByteCount(codes.Length / bits.Length, bits)];
        CodePacking.Pack<int>(codes, bits, packed);
        yield return ($"{name}, packed", Digest.Of(packed));

        using var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, new RvqHeader(model), framesPerChunk: 16, leaveOpen: true))
        {
            writer.Write<int>(codes);
            writer.Complete();
        }

        yield return ($"{name}, stream", Digest.Of(stream.ToArray()));
        yield return ($"{name}, model file", Digest.Of(Saved(model.Save)));
    }

    private static int[] ByBlock(Quantizer quantizer, float[] frames)
    {
        var model = quantizer.Model;
        var length = model.FramesPerBlock * model.Dimensions;
        var codes = new int[frames.Length / length * model.CodesPerBlock];
        for (var block = 0; block < frames.Length / length; block++)
        {
            quantizer.Encode(frames.AsSpan(block * length, length), codes.AsSpan(block * model.CodesPerBlock, model.CodesPerBlock));
        }

        return codes;
    }

    private static IEnumerable<(string Name, ulong Hash)> Trained()
    {
        const int Dimensions = 24;
        var samples = new Samples(1000);
        var frames = samples.Values(600 * Dimensions);
        foreach (var (name, initialization, coarse, copies) in new[]
        {
            ("sampled", CodebookInitialization.Sampled, true, 0), ("k-means++", CodebookInitialization.PlusPlus, false, 0),
            ("gain copies", CodebookInitialization.Sampled, true, 1),
        })
        {
            var options = new RvqTrainerOptions
            {
                CodebookCount = 2,
                CodebookSize = 32,
                Iterations = 6,
                Initialization = initialization,
                CoarseToFine = coarse,
                GainCopies = copies,
                Seed = 7,
                MaxDegreeOfParallelism = 2,
            };
            yield return ($"trained, {name}", Digest.Of(Saved(RvqTrainer.Train(frames, Dimensions, options).Save)));
        }

        foreach (var smoothing in new[] { UsageSmoothing.Clamp, UsageSmoothing.Laplace })
        {
            var trainer = new EmaTrainer(Dimensions, new EmaTrainerOptions
            {
                CodebookCount = 3,
                CodebookSize = 32,
                Smoothing = smoothing,
                QuantizerDropout = 0.5,
                InitializationIterations = 5,
                Seed = 7,
                DeadCodeRule = smoothing == UsageSmoothing.Clamp ? DeadCodeRule.BelowMean : DeadCodeRule.BelowThreshold,
            });
            var (quantized, codes) = (new float[100 * Dimensions], new int[100 * 3]);
            var written = new List<float>();
            for (var step = 0; step < 12; step++)
            {
                trainer.Step(frames.AsSpan(step % 6 * quantized.Length, quantized.Length), quantized, codes);
                written.AddRange(quantized);
            }

            yield return ($"moving averages, {smoothing}, quantized", Digest.Of(written.ToArray()));
            yield return ($"moving averages, {smoothing}, model", Digest.Of(Saved(trainer.ToModel().Save)));
            yield return ($"moving averages, {smoothing}, state", Digest.Of(Saved(trainer.Save)));
        }
    }

    private static IEnumerable<(string Name, ulong Hash)> Tokens()
    {
        const int Frames = 20;
        var samples = new Samples(2000);
        int[] Codes(int columns, int size) => [.. Enumerable.Range(0, Frames * columns).Select(_ => (int)(samples.Next() % (ulong)size))];

        foreach (var (name, pattern) in new[]
        {
            ("delays", TokenPattern.Delay([0, 1, 2, 3])), ("MusicLM", TokenPattern.MusicLM(4)),
            ("unrolled", TokenPattern.Unroll([0, 0, 1, 1])), ("Moshi", TokenPattern.Moshi),
        })
        {
            var tokens = new int[pattern.GetStepCount(Frames) * pattern.CodebookCount];
            pattern.Arrange(Codes(pattern.CodebookCount, 2048), tokens, 2048);
            yield return ($"tokens, {name}", Digest.Of(tokens));
        }

        var flat = new FlatTokens([1024, 512, 256]);
        var flatTokens = new int[Frames * 3];
        flat.Arrange<int, int>(Codes(3, 256), flatTokens);
        yield return ("tokens, flat", Digest.Of(flatTokens));

        var snac = new SnacTokens([4, 2, 1]);
        var snacTokens = new int[Frames * 7];
        snac.Arrange<int, int>(Codes(7, 4096), snacTokens);
        yield return ("tokens, SNAC", Digest.Of(snacTokens));

        var dia = new int[DiaTokens.GetStepCount(Frames) * DiaTokens.CodebookCount];
        DiaTokens.Arrange<int>(Codes(DiaTokens.CodebookCount, 1024), dia);
        yield return ("tokens, Dia", Digest.Of(dia));
    }

    /// <summary>Codewords whose sums are infinities of both signs and NaN.</summary>
    private static RvqModel Overflowing()
    {
        float[] large = [3e38f, -3e38f, 3e38f, 1];
        var codebook = new Codebook([.. large, .. large.Select(value => -value)], large.Length);
        var project = new Projection([1, 1, 0, 0, 1, -1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 3, 0, 1, 0], large.Length);
        var back = new Projection([2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1], 5);
        return new RvqModel(new ResidualStack([new Stage(codebook), new Stage(codebook)], input: back, output: project));
    }

    private static byte[] Saved(Action<string> save)
    {
        var path = Path.Combine(Path.GetTempPath(), $"rvq-promise-{Environment.ProcessId}.bin");
        try
        {
            save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Same(string name, string how, int[] expected, int[] actual)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
        {
            throw new InvalidOperationException($"{name}: other codes {how} than at once");
        }
    }
}
