using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>One thread against two.</summary>
public class ThreadBenchmarks
{
    private EncodeCase _case = null!;

    [Params("encodec-128x1024x8", "mimi-256x2048x8", "dac-projected", "soundstream-64x16x46")]
    public string Shape { get; set; } = "";

    [Params(150, 1500)]
    public int T { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _case = new EncodeCase(ShapeCatalog.Get(Shape), T, options: new QuantizerOptions { MaxDegreeOfParallelism = Threads });
        Stopwatches.WarmUp(_case.Rvq, _case.CallCount);
    }

    [GlobalCleanup]
    public void Cleanup() => _case.Dispose();

    [Benchmark]
    public void Rvq() => _case.Rvq(0);
}
