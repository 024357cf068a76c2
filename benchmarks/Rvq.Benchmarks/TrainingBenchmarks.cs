using BenchmarkDotNet.Attributes;
using Rvq.Training;

namespace Rvq.Benchmarks;

/// <summary>
/// Offline training: dimensions × size × codebooks, over the number of frames and of threads. Time / Frames is the time per frame.
/// </summary>
public class TrainingBenchmarks
{
    private float[] _frames = [];
    private int _dimensions;
    private RvqTrainerOptions _options = new();

    [Params("64x256x4", "128x1024x8")]
    public string Shape { get; set; } = "";

    [Params(20_000)]
    public int Frames { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var sizes = Shape.Split('x').Select(int.Parse).ToArray();
        _dimensions = sizes[0];
        _options = new RvqTrainerOptions { CodebookSize = sizes[1], CodebookCount = sizes[2], MaxDegreeOfParallelism = Threads };

        // Correlated dimensions, as an encoder's are: the k-th component of a random walk through the frame.
        var random = new Random(1);
        _frames = new float[Frames * _dimensions];
        for (var i = 0; i < _frames.Length; i++)
        {
            _frames[i] = (i % _dimensions == 0 ? 0 : 0.9f * _frames[i - 1]) + random.NextSingle() + random.NextSingle() - 1;
        }
    }

    [Benchmark]
    public RvqModel Train() => RvqTrainer.Train(_frames, _dimensions, _options);
}
