using System.Globalization;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>
/// Microseconds per frame of one option at several values, and their ratio to the first in the same run. Arguments: shape, T.
/// </summary>
internal static class OptionsProbe
{
    public static void Beam(string name, int frameCount)
        => Print(name, frameCount, "beam width", [1, 2, 5, 10], width => new QuantizerOptions { BeamWidth = width });

    public static void Threads(string name, int frameCount)
        => Print(name, frameCount, "threads", [1, 2], threads => new QuantizerOptions { MaxDegreeOfParallelism = threads });

    private static void Print(string name, int frameCount, string option, int[] values, Func<int, QuantizerOptions> options)
    {
        var shape = ShapeCatalog.Get(name);
        var codes = new int[shape.CodeCount(frameCount)];
        var callCount = Math.Max(1, Shape.FrameCount / frameCount);
        var times = Stopwatches.Medians(callCount, Array.ConvertAll(values, value =>
        {
            var quantizer = new Quantizer(shape.Model, options(value));
            return (Action<int>)(call => quantizer.Encode(shape.FramesAt(call * frameCount, frameCount), codes.AsSpan()));
        }));
        for (var i = 0; i < values.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name,-22} | T = {frameCount,4} | {option} {values[i],2} | {times[i] / frameCount,8:F3} µs | {times[i] / times[0]:F3} of the first |"));
        }
    }
}
