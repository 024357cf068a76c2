using System.Globalization;
using Rvq.Benchmarks.Peers;
using Rvq.Benchmarks.Shapes;
using Rvq.Search;

namespace Rvq.Benchmarks.Probes;

/// <summary>
/// A few seconds a shape, no harness: microseconds per frame of ours and of ONNX Runtime (the fastest graph and the textbook one), and
/// their ratios. Arguments: [kernel] [shape-substring] [T…].
/// </summary>
internal static class Probe
{
    private const double LeastAgreement = 0.995;

    public static void Encode(ReadOnlySpan<string> arguments)
    {
        Header("encode", "Rvq", "ORT fastest", "ratio", "ORT textbook", "ratio", "same codes");
        var kernel = Kernel(ref arguments);
        Each(arguments, (shape, frameCount) =>
        {
            using var fastest = new EncodeCase(shape, frameCount, kernel: kernel);
            using var textbook = new EncodeCase(shape, frameCount, EncodeForm.Textbook);
            Action<int>[] contenders = [fastest.Rvq, fastest.OnnxRuntime, textbook.OnnxRuntime];
            Compare(shape, fastest.FrameCount, fastest.CallCount, contenders, () => fastest.Agreement(fastest.Rvq));
        });
    }

    public static void Decode(ReadOnlySpan<string> arguments)
    {
        Header("decode", "Rvq", "ORT fastest", "ratio", "ORT textbook", "ratio", "same values");
        var kernel = Kernel(ref arguments);
        Each(arguments, (shape, frameCount) =>
        {
            using var fastest = new DecodeCase(shape, frameCount, kernel: kernel);
            using var textbook = new DecodeCase(shape, frameCount, DecodeForm.Adds);
            Compare(
                shape, fastest.FrameCount, fastest.CallCount, [fastest.Rvq, fastest.OnnxRuntime, textbook.OnnxRuntime], fastest.Agreement);
        });
    }

    /// <summary>The peers alone: every form of ONNX graph, and the loop over TensorPrimitives.</summary>
    public static void Forms(ReadOnlySpan<string> arguments)
    {
        var (encodeForms, decodeForms) = (Enum.GetValues<EncodeForm>(), Enum.GetValues<DecodeForm>());
        Header(
            "forms",
            [.. encodeForms.Select(form => $"encode {form}"), "loop", .. decodeForms.Select(form => $"decode {form}"), "same codes"]);
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

    /// <summary>Ours alone, on every kernel that this machine supports.</summary>
    public static void Kernels(ReadOnlySpan<string> arguments)
    {
        string[] names = [.. KernelByName.Supported];
        Header("kernels", [.. names.Select(name => $"encode {name}"), .. names.Select(name => $"decode {name}")]);
        Each(arguments, (shape, frameCount) =>
        {
            var encoders = Array.ConvertAll(names, name => new EncodeCase(shape, frameCount, kernel: KernelByName.Find(name)));
            var decoders = Array.ConvertAll(names, name => new DecodeCase(shape, frameCount, kernel: KernelByName.Find(name)));
            Action<int>[] contenders =
            [.. encoders.Select(each => (Action<int>)each.Rvq), .. decoders.Select(each => (Action<int>)each.Rvq)];
            var times = Stopwatches.Medians(encoders[0].CallCount, contenders);
            Row(shape, encoders[0].FrameCount, Array.ConvertAll(times, time => Format(time / encoders[0].FrameCount)));
        });
    }

    /// <summary>The kernel whose name comes first, which is then taken off the arguments.</summary>
    private static Kernel? Kernel(ref ReadOnlySpan<string> arguments)
    {
        var kernel = arguments.IsEmpty ? null : KernelByName.Find(arguments[0]);
        arguments = arguments[(kernel is null ? 0 : 1)..];
        return kernel;
    }

    private static void Compare(Shape shape, int frameCount, int callCount, Action<int>[] contenders, Func<double> agreement)
    {
        double same;
        try
        {
            same = agreement();
        }
        catch (Exception e) when (e is NotImplementedException or NotSupportedException)
        {
            var peers = PerFrame(contenders[1..]);
            Row(shape, frameCount, "not there", Format(peers[0]), "", Format(peers[1]), "", "");
            return;
        }

        var times = PerFrame(contenders);
        Row(shape, frameCount, Format(times[0]), Format(times[1]), Ratio(times[1] / times[0]), Format(times[2]), Ratio(times[2] / times[0]),
            Percent(same) + (same < LeastAgreement ? " TOO FEW" : ""));

        double[] PerFrame(Action<int>[] which) => Array.ConvertAll(Stopwatches.Medians(callCount, which), time => time / frameCount);
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

    private static string Format(double microseconds)
        => microseconds.ToString(microseconds < 10 ? "F3" : "F1", CultureInfo.InvariantCulture).PadLeft(9);

    private static string Ratio(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("F2", CultureInfo.InvariantCulture) + " %";
}
