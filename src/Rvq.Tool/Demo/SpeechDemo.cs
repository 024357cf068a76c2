using System.Diagnostics;
using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Training;

namespace Rvq.Tool.Demo;

/// <summary>A small codec made of the package's parts: transform, trained codebooks, packed codes, and the way back to sound.</summary>
internal sealed class SpeechDemo
{
    /// <summary>The codebooks that are trained.</summary>
    public const int CodebookCount = 8;

    // About 4 ms of sound a frame; the clip is seen at several offsets in training, so that it fills codebooks of 8 bits.
    private const double SecondsPerFrame = 0.004;
    private const int Offsets = 8;
    private const int CodebookSize = 256;
    private const int FramesPerCodeword = 4;
    private const int MaxTrainingFrames = 20_000;

    private readonly WavAudio _audio;
    private readonly LappedTransform _transform;
    private readonly float[] _frames;

    /// <summary>Turns a sound into frames.</summary>
    /// <exception cref="InvalidDataException">It is too short or silent.</exception>
    public SpeechDemo(WavAudio audio)
    {
        _audio = audio;
        _transform = new LappedTransform(1 << (int)Math.Round(Math.Log2(audio.SampleRate * SecondsPerFrame)));
        if (audio.Samples.Length < 16 * _transform.Size || !audio.Samples.AsSpan().ContainsAnyExcept(0f))
        {
            throw new InvalidDataException(
                $"It has {audio.Samples.Length} samples; at least {16 * _transform.Size}, not all of them silent, are needed for the "
                + "demo.");
        }

        _frames = _transform.Analyze(audio.Samples);
    }

    /// <summary>The values of a frame.</summary>
    public int Dimensions => _transform.Size;

    /// <summary>The number of frames.</summary>
    public int FrameCount => _frames.Length / Dimensions;

    /// <summary>Trains codebooks on the sound itself.</summary>
    public RvqModel Train(int threads, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var size = CodebookSize;
        while (size > 2 && size * FramesPerCodeword > FrameCount * Offsets)
        {
            size /= 2;
        }

        var options = new RvqTrainerOptions
        {
            CodebookCount = CodebookCount,
            CodebookSize = size,
            SampleLimit = MaxTrainingFrames,
            MaxDegreeOfParallelism = threads,
        };
        return RvqTrainer.Train(TrainingBatches(), Dimensions, options, progress, cancellation);
    }

    /// <summary>Encodes, packs, unpacks and decodes the sound with each of these models.</summary>
    /// <param name="models">The models.</param>
    /// <param name="seconds">How long each speed is measured.</param>
    /// <param name="cancellation">Ends the measurement.</param>
    public DemoResult[] Run(IReadOnlyList<RvqModel> models, double seconds, CancellationToken cancellation)
    {
        var (results, works) = (new DemoResult[models.Count], new List<Func<Action>>());
        for (var i = 0; i < results.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            results[i] = Run(models[i], out var encode, out var decode);
            works.AddRange(encode, decode);
        }

        var speeds = Speeds(works, seconds, cancellation);
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = results[i] with { EncodeSpeed = speeds[2 * i], DecodeSpeed = speeds[(2 * i) + 1] };
        }

        return results;
    }

    private DemoResult Run(RvqModel model, out Func<Action> encode, out Func<Action> decode)
    {
        var bits = new int[model.CodebookCount];
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = model.Stages[i].Codebook.BitsPerCode;
        }

        var codes = new Quantizer(model).Encode(_frames);
        var packed = new byte[CodePacking.GetByteCount(FrameCount, bits)];
        CodePacking.Pack<int>(codes, bits, packed);

        var received = new int[codes.Length];
        CodePacking.Unpack<int>(packed, bits, received);
        var decoded = new Dequantizer(model).Decode(received);
        var samples = _transform.Synthesize(decoded, _audio.Samples.Length);
        encode = () =>
        {
            var (quantizer, destination) = (new Quantizer(model), new int[codes.Length]);
            return () => quantizer.Encode(_frames, destination.AsSpan());
        };
        decode = () =>
        {
            var (dequantizer, destination) = (new Dequantizer(model), new float[decoded.Length]);
            return () => dequantizer.Decode<int>(received, destination);
        };
        return new DemoResult(
            packed.Length,
            packed.Length * 8 / _audio.Seconds / 1000,
            (double)_audio.Samples.Length * WavWriter.BitsPerSample / (packed.Length * 8L),
            CodebookStatistics.SignalToNoiseRatio(_audio.Samples, samples),
            EncodeSpeed: 0,
            DecodeSpeed: 0,
            _audio with { Samples = samples });
    }

    private IEnumerable<ReadOnlyMemory<float>> TrainingBatches()
    {
        for (var i = 0; i < Offsets; i++)
        {
            yield return _transform.Analyze(_audio.Samples, i * Dimensions / Offsets);
        }
    }

    /// <summary>
    /// How many seconds of sound pass through each of these in a second, in the fastest of many short turns that all take one after the
    /// other: whatever else a machine does, and code that is not compiled to its end yet, only ever slows a turn down, often for seconds,
    /// so the fastest turn of the whole time repeats where a mean, a median or one stretch of time does not. Each turn makes its own
    /// tables and destination, untimed: where they lie in memory is worth a tenth of the speed, and lasts as long as they do.
    /// </summary>
    private double[] Speeds(List<Func<Action>> works, double seconds, CancellationToken cancellation)
    {
        const double SecondsPerTurn = 0.01;
        var fastest = new double[works.Count];
        var all = Stopwatch.StartNew();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < fastest.Length; i++)
            {
                var work = works[i]();
                var (turn, rounds) = (Stopwatch.StartNew(), 0);
                do
                {
                    work();
                    rounds++;
                }
                while (turn.Elapsed.TotalSeconds < SecondsPerTurn);
                fastest[i] = Math.Max(fastest[i], rounds * _audio.Seconds / turn.Elapsed.TotalSeconds);
            }
        }
        while (all.Elapsed.TotalSeconds < seconds * fastest.Length);
        return fastest;
    }
}
