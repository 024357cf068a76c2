using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>Codes to frames, single thread, every contender in one run.</summary>
public class DecodeBenchmarks
{
    private DecodeCase _case = null!;
    private DecodeCase _textbook = null!;
    private int _call;

    [ParamsSource(typeof(Sources), nameof(Sources.Shapes))]
    public string Shape { get; set; } = "";

    [ParamsSource(typeof(Sources), nameof(Sources.FrameCounts))]
    public int T { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _case = new DecodeCase(ShapeCatalog.Get(Shape), T);
        Stopwatches.WarmUp(_case.Rvq, _case.CallCount);
        _textbook = new DecodeCase(ShapeCatalog.Get(Shape), T, DecodeForm.Adds);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _case.Dispose();
        _textbook.Dispose();
    }

    [Benchmark]
    public void Rvq() => _case.Rvq(_call++ % _case.CallCount);

    [Benchmark(Baseline = true)]
    public void OnnxRuntime() => _case.OnnxRuntime(_call++ % _case.CallCount);

    [Benchmark]
    public void OnnxTextbook() => _textbook.OnnxRuntime(_call++ % _case.CallCount);
}
