using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Rvq.Benchmarks.Report;

/// <summary>The columns, the jobs and where artifacts go.</summary>
internal static class RvqConfig
{
    /// <param name="quick">Everything in this process with few, short iterations: a usable table in minutes, not one to publish.</param>
    public static IConfig Create(bool quick)
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(quick ? Quick : Full)
            .AddLogger(ConsoleLogger.Default)
            .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params, DefaultColumnProviders.Metrics)
            .AddColumn(StatisticColumn.Mean, StatisticColumn.Error)
            .AddColumn(FrameColumn.All)
            .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
            .AddExporter(MarkdownExporter.GitHub)
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40))
            .WithArtifactsPath(Path.Combine(Repository.Root, ".artifacts", "bench"))
            .WithOptions(ConfigOptions.DisableOptimizationsValidator);

        // The loop takes the same time per frame at any T, and much of it.
        return quick ? config.AddFilter(new SimpleFilter(benchmark => !Cases.IsLongLoop(benchmark))) : config;
    }

    private static Job Quick => Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithIterationTime(TimeInterval.FromMilliseconds(30)).WithWarmupCount(1).WithIterationCount(4)
        .WithEvaluateOverhead(false).WithId("Quick");

    private static Job Full => Job.Default
        .WithIterationTime(TimeInterval.FromMilliseconds(150)).WithMinIterationCount(10).WithMaxIterationCount(15).WithId("Full");
}
