using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Rvq.Benchmarks.Report;

/// <summary>What the columns ask of a benchmark case.</summary>
internal static class Cases
{
    public static double? MeanNanoseconds(Summary summary, BenchmarkCase benchmark) => summary[benchmark]?.ResultStatistics?.Mean;

    /// <summary>The frames of one call, or null where the benchmark has none.</summary>
    public static int? FrameCount(BenchmarkCase benchmark)
        => Parameter(benchmark, "T") is int frameCount && Parameter(benchmark, "Shape") is string shape
            ? Shapes.ShapeCatalog.RoundToBlocks(shape, frameCount) : null;

    /// <summary>The codes of one call of the packing benchmarks, or null.</summary>
    public static int? CodeCount(BenchmarkCase benchmark) => Parameter(benchmark, "Codes") as int?;

    public static string? Shape(BenchmarkCase benchmark) => Parameter(benchmark, "Shape") as string;

    /// <summary>ONNX Runtime on the same shape and T, or null.</summary>
    public static BenchmarkCase? OnnxRuntime(Summary summary, BenchmarkCase benchmark)
        => summary.BenchmarksCases.FirstOrDefault(other => other.Descriptor.Baseline
            && other.Descriptor.Type == benchmark.Descriptor.Type
            && other.Parameters.DisplayInfo == benchmark.Parameters.DisplayInfo
            && other.Job.DisplayInfo == benchmark.Job.DisplayInfo);

    /// <summary>Whether it is the loop over many frames.</summary>
    public static bool IsLongLoop(BenchmarkCase benchmark)
        => benchmark.Descriptor.WorkloadMethod.Name == nameof(EncodeBenchmarks.TensorPrimitives) && FrameCount(benchmark) > 16;

    private static object? Parameter(BenchmarkCase benchmark, string name)
        => benchmark.Parameters.Items.FirstOrDefault(item => item.Name == name)?.Value;
}
