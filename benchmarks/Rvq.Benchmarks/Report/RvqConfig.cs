using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Rvq.Benchmarks.Report;

/// <summary>The columns, the jobs and where artifacts go.</summary>
internal static class RvqConfig
{
    /// <param name="quick">Everything in this process with few, short iterations: a usable table in minutes, not one to publish.</param>
    public static IConfig Create(bool quick)
    {
        var job = quick
            ? Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithIterationTime(TimeInterval.FromMilliseconds(40)).WithWarmupCount(4).WithIterationCount(5).WithId("Quick")
            : Job.Default.WithIterationTime(TimeInterval.FromMilliseconds(150)).WithMinIterationCount(10).WithMaxIterationCount(15).WithId("Full");
        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
            .AddColumn(StatisticColumn.Mean, StatisticColumn.Error)
            .AddColumn(FrameColumn.All)
            .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
            .AddExporter(MarkdownExporter.GitHub)
            .WithArtifactsPath(Path.Combine(Repository.Root, ".artifacts", "bench"))
            .WithOptions(ConfigOptions.DisableOptimizationsValidator);
    }
}
