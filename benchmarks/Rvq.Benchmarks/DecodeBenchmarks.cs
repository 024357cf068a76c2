using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>Codes to frames, single thread, every contender in one run.</summary>
public class DecodeBenchmarks
{
    private DecodeCase _case = null!;
    private int _call;

    [ParamsSource(typeof(Sources), nameof(Sources.Shapes))]
    public string Shape { get; set; } = "";

    [ParamsSource(typeof(Sources), nameof(Sources.FrameCounts))]
    public int T { get; set; }

    [GlobalSetup(Target = nameof(Rvq))]
    public void SetupRvq()
    {
        SetupPeer();
        Stopwatches.WarmUp(_case.Rvq, _case.CallCount);
    }

    [GlobalSetup(Targets = [nameof(OnnxRuntime)])]
    public void SetupPeer() => _case = new DecodeCase(ShapeCatalog.Get(Shape), T);

    [GlobalSetup(Target = nameof(OnnxTextbook))]
    public void SetupTextbook() => _case = new DecodeCase(ShapeCatalog.Get(Shape), T, DecodeForm.Adds);

    [GlobalCleanup]
    public void Cleanup() => _case.Dispose();

    [Benchmark]
    public void Rvq() => _case.Rvq(_call++ % _case.CallCount);

    [Benchmark(Baseline = true)]
    public void OnnxRuntime() => _case.OnnxRuntime(_call++ % _case.CallCount);

    [Benchmark]
    public void OnnxTextbook() => _case.OnnxRuntime(_call++ % _case.CallCount);
}
