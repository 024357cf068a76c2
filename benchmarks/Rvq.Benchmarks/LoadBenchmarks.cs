using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Probes;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks;

/// <summary>A safetensors file to a model, and to the first code, which builds the search tables.</summary>
public class LoadBenchmarks
{
    private string _path = "";
    private float[] _frames = [];
    private int[] _codes = [];

    [Params("encodec-128x1024x8", "mimi-projected", "dac-projected")]
    public string Shape { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var shape = ShapeCatalog.Get(Shape);
        _path = Path.Combine(Repository.Root, ".artifacts", "bench-cache", Shape + ".safetensors");
        _frames = shape.FramesAt(0, 1).ToArray();
        _codes = new int[shape.CodeCount(1)];
        shape.Model.Save(_path);
        Stopwatches.WarmUp(_ => LoadAndEncodeOneFrame(), 1);
    }

    [Benchmark]
    public RvqModel Load() => RvqModel.Load(_path);

    [Benchmark]
    public void LoadAndEncodeOneFrame() => new Quantizer(RvqModel.Load(_path)).Encode<int>(_frames, _codes);
}
