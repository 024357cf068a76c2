using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>Frames to codes and back on each kernel that the machine supports: what orders them in the library.</summary>
public class KernelBenchmarks
{
    private EncodeCase? _encode;
    private DecodeCase? _decode;
    private int _call;

    [ParamsSource(typeof(Sources), nameof(Sources.Shapes))]
    public string Shape { get; set; } = "";

    [Params(1, 150)]
    public int T { get; set; }

    [ParamsSource(typeof(Sources), nameof(Sources.Kernels))]
    public string Kernel { get; set; } = "";

    [GlobalSetup(Target = nameof(Encode))]
    public void SetupEncode()
    {
        _encode = new EncodeCase(ShapeCatalog.Get(Shape), T, kernel: KernelByName.Find(Kernel));
        Stopwatches.WarmUp(_encode.Rvq, _encode.CallCount);
    }

    [GlobalSetup(Target = nameof(Decode))]
    public void SetupDecode()
    {
        _decode = new DecodeCase(ShapeCatalog.Get(Shape), T, kernel: KernelByName.Find(Kernel));
        Stopwatches.WarmUp(_decode.Rvq, _decode.CallCount);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _encode?.Dispose();
        _decode?.Dispose();
    }

    [Benchmark]
    public void Encode() => _encode!.Rvq(_call++ % _encode.CallCount);

    [Benchmark]
    public void Decode() => _decode!.Rvq(_call++ % _decode.CallCount);
}
