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

    /// <summary>Encodes, packs, unpacks and decodes the sound with that model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="seconds">How long each speed is measured.</param>
    public DemoResult Run(RvqModel model, double seconds)
    {
        var quantizer = new Quantizer(model);
        var dequantizer = new Dequantizer(model);
        var bits = new int[model.CodebookCount];
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = model.Stages[i].Codebook.BitsPerCode;
        }

        var codes = quantizer.Encode(_frames);
        var packed = new byte[CodePacking.GetByteCount(FrameCount, bits)];
        CodePacking.Pack<int>(codes, bits, packed);

        var received = new int[codes.Length];
        CodePacking.Unpack<int>(packed, bits, received);
        var decoded = dequantizer.Decode(received);
        var samples = _transform.Synthesize(decoded, _audio.Samples.Length);
        return new DemoResult(
            packed.Length,
            packed.Length * 8 / _audio.Seconds / 1000,
            (double)_audio.Samples.Length * WavWriter.BitsPerSample / (packed.Length * 8L),
            CodebookStatistics.SignalToNoiseRatio(_audio.Samples, samples),
            Speed(() => quantizer.Encode(_frames, codes.AsSpan()), seconds),
            Speed(() => dequantizer.Decode<int>(received, decoded), seconds),
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
    /// How many seconds of sound pass through in a second, in the fastest of many short turns: whatever else a machine does, and code that
    /// is not compiled to its end yet, only ever slows a turn down, so the fastest repeats where a mean or a median does not.
    /// </summary>
    private double Speed(Action work, double seconds)
    {
        const double SecondsPerTurn = 0.01;
        var fastest = 0.0;
        var all = Stopwatch.StartNew();
        do
        {
            var (turn, rounds) = (Stopwatch.StartNew(), 0);
            do
            {
                work();
                rounds++;
            }
            while (turn.Elapsed.TotalSeconds < SecondsPerTurn);
            fastest = Math.Max(fastest, rounds * _audio.Seconds / turn.Elapsed.TotalSeconds);
        }
        while (all.Elapsed.TotalSeconds < seconds);
        return fastest;
    }
}
