using System.Globalization;
using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>A few seconds a shape, no harness: microseconds per frame of ours and of ONNX Runtime, and their ratio. Arguments: [shape-substring] [T…].</summary>
internal static class Probe
{
    private const double LeastAgreement = 0.995;

    public static void Encode(ReadOnlySpan<string> arguments)
    {
        Header("encode", "Rvq", "ONNX Runtime", "ratio", "same codes");
        Each(arguments, (shape, frameCount) =>
        {
            using var benchmark = new EncodeCase(shape, frameCount);
            Compare(shape, benchmark.FrameCount, benchmark.CallCount, benchmark.Rvq, benchmark.OnnxRuntime, () => benchmark.Agreement(benchmark.Rvq));
        });
    }

    public static void Decode(ReadOnlySpan<string> arguments)
    {
        Header("decode", "Rvq", "ONNX Runtime", "ratio", "same values");
        Each(arguments, (shape, frameCount) =>
        {
            using var benchmark = new DecodeCase(shape, frameCount);
            Compare(shape, benchmark.FrameCount, benchmark.CallCount, benchmark.Rvq, benchmark.OnnxRuntime, benchmark.Agreement);
        });
    }

    /// <summary>The peers alone: every form of ONNX graph, and the loop over TensorPrimitives.</summary>
    public static void Forms(ReadOnlySpan<string> arguments)
    {
        var (encodeForms, decodeForms) = (Enum.GetValues<EncodeForm>(), Enum.GetValues<DecodeForm>());
        Header("forms", [.. encodeForms.Select(form => $"encode {form}"), "loop", .. decodeForms.Select(form => $"decode {form}"), "same codes"]);
        Each(arguments, (shape, frameCount) =>
        {
            var encoders = Array.ConvertAll(encodeForms, form => new EncodeCase(shape, frameCount, form));
            var decoders = Array.ConvertAll(decodeForms, form => new DecodeCase(shape, frameCount, form));
            Action<int>[] contenders =
            [
                .. encoders.Select(encoder => (Action<int>)encoder.OnnxRuntime),
                encoders[0].TensorPrimitives,
                .. decoders.Select(decoder => (Action<int>)decoder.OnnxRuntime),
            ];
            var times = Stopwatches.Medians(encoders[0].CallCount, contenders);
            var agreement = encoders.Min(encoder => encoder.Agreement(encoder.TensorPrimitives));
            Row(shape, encoders[0].FrameCount, [.. times.Select(time => Format(time / encoders[0].FrameCount)), Percent(agreement)]);
            Array.ForEach(encoders, encoder => encoder.Dispose());
            Array.ForEach(decoders, decoder => decoder.Dispose());
        });
    }

    private static void Compare(Shape shape, int frameCount, int callCount, Action<int> ours, Action<int> onnx, Func<double> agreement)
    {
        double same;
        try
        {
            same = agreement();
        }
        catch (Exception e) when (e is NotImplementedException or NotSupportedException)
        {
            Row(shape, frameCount, "not there", Format(Stopwatches.Medians(callCount, onnx)[0] / frameCount), "", "");
            return;
        }

        var times = Stopwatches.Medians(callCount, ours, onnx);
        Row(shape, frameCount, Format(times[0] / frameCount), Format(times[1] / frameCount), (times[1] / times[0]).ToString("F2", CultureInfo.InvariantCulture),
            Percent(same) + (same < LeastAgreement ? " TOO FEW" : ""));
    }

    private static void Each(ReadOnlySpan<string> arguments, Action<Shape, int> measure)
    {
        var (part, frameCounts) = ("", new List<int>());
        foreach (var argument in arguments)
        {
            if (int.TryParse(argument, out var frameCount))
            {
                frameCounts.Add(frameCount);
            }
            else
            {
                part = argument;
            }
        }

        foreach (var name in ShapeCatalog.Names.Where(name => name.Contains(part, StringComparison.OrdinalIgnoreCase)))
        {
            foreach (var frameCount in frameCounts.Count > 0 ? frameCounts : [1, 16, 150, 1500])
            {
                measure(ShapeCatalog.Get(name), frameCount);
            }
        }
    }

    private static void Header(string title, params ReadOnlySpan<string> columns)
    {
        Console.WriteLine($"| {title + ", µs per frame",-28} | T    | {string.Join(" | ", columns!)} |");
        Console.WriteLine($"|---|---|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
    }

    private static void Row(Shape shape, int frameCount, params ReadOnlySpan<string> cells)
        => Console.WriteLine($"| {shape.Name,-28} | {frameCount,4} | {string.Join(" | ", cells!)} |");

    private static string Format(double microseconds) => microseconds.ToString(microseconds < 10 ? "F3" : "F1", CultureInfo.InvariantCulture).PadLeft(9);

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture) + " %";
}
