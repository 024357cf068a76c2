using BenchmarkDotNet.Attributes;
using Rvq.Benchmarks.Probes;
using Rvq.Streams;

namespace Rvq.Benchmarks;

/// <summary>Codes to bits and back; the GB/s are of int32 codes.</summary>
public class PackingBenchmarks
{
    private int[] _codes = [];
    private byte[] _bytes = [];

    [Params(4, 10, 11, 12)]
    public int BitsPerCode { get; set; }

    [Params(8, 1 << 20)]
    public int Codes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _codes = new int[Codes];
        for (var i = 0; i < Codes; i++)
        {
            _codes[i] = random.Next(1 << BitsPerCode);
        }

        _bytes = new byte[CodePacking.GetByteCount(Codes, BitsPerCode)];
        Stopwatches.WarmUp(_ => Pack(), 1);
        Stopwatches.WarmUp(_ => Unpack(), 1);
    }

    [Benchmark]
    public int Pack() => CodePacking.Pack<int>(_codes, BitsPerCode, _bytes);

    [Benchmark]
    public int Unpack() => CodePacking.Unpack<int>(_bytes, BitsPerCode, _codes);
}
