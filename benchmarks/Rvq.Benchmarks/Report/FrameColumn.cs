using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Rvq.Benchmarks.Report;

/// <summary>A number made from the mean time of a call, and "-" where there is none.</summary>
internal sealed class FrameColumn(
    string name, string legend, Func<Summary, BenchmarkCase, double?> value, Func<BenchmarkCase, bool>? applies = null) : IColumn
{
    public static IColumn[] All { get; } =
    [
        new FrameColumn("µs/frame", "Microseconds per frame", (summary, benchmark)
            => Cases.MeanNanoseconds(summary, benchmark) / 1000 / Cases.FrameCount(benchmark)),
        new FrameColumn("× real time", "Seconds of audio that one second of time does", (summary, benchmark)
            => Cases.FrameCount(benchmark) is { } frameCount
                    ? 1e9 * frameCount / Shapes.ShapeCatalog.FrameRate(Cases.Shape(benchmark)!) / Cases.MeanNanoseconds(summary, benchmark)
                    : null),
        new FrameColumn("× ORT", "How many times as fast as ONNX Runtime's fastest graph", (summary, benchmark)
            => Cases.OnnxRuntime(summary, benchmark) is { } onnx
                ? Cases.MeanNanoseconds(summary, onnx) / Cases.MeanNanoseconds(summary, benchmark) : null),
        new FrameColumn("GB/s", "10⁹ bytes of int32 codes per second", (summary, benchmark)
            => Cases.CodeCount(benchmark) * sizeof(int) / Cases.MeanNanoseconds(summary, benchmark),
        benchmark => Cases.CodeCount(benchmark) is not null),
    ];

    public string Id => nameof(FrameColumn) + name;

    public string ColumnName => name;

    public string Legend => legend;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        => value(summary, benchmarkCase) is { } number
            ? number.ToString(number < 100 ? "G3" : "F0", CultureInfo.InvariantCulture) : "-";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary)
        => summary.BenchmarksCases.Any(applies ?? (benchmark => Cases.FrameCount(benchmark) is not null));

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
