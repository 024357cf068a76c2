using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>Beam search against greedy search, which is width 1.</summary>
public class BeamBenchmarks
{
    private EncodeCase _case = null!;
    private int _call;

    [Params("encodec-128x1024x8", "mimi-256x2048x8", "soundstream-64x16x46")]
    public string Shape { get; set; } = "";

    [Params(1, 150)]
    public int T { get; set; }

    [Params(1, 2, 5, 10)]
    public int BeamWidth { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _case = new EncodeCase(ShapeCatalog.Get(Shape), T, options: new QuantizerOptions { BeamWidth = BeamWidth });
        Stopwatches.WarmUp(_case.Rvq, _case.CallCount);
    }

    [GlobalCleanup]
    public void Cleanup() => _case.Dispose();

    [Benchmark]
    public void Rvq() => _case.Rvq(_call++ % _case.CallCount);
}
