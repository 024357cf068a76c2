using System.Globalization;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>Microseconds per frame of beam search at several widths, and their ratio to greedy search in the same run. Arguments: [shape] [T].</summary>
internal static class BeamProbe
{
    private static readonly int[] Widths = [1, 2, 5, 10];

    public static void Print(string name, int frameCount)
    {
        var shape = ShapeCatalog.Get(name);
        var codes = new int[shape.CodeCount(frameCount)];
        var callCount = Math.Max(1, Shape.FrameCount / frameCount);
        var times = Stopwatches.Medians(callCount, Array.ConvertAll(Widths, width =>
        {
            var quantizer = new Quantizer(shape.Model, new QuantizerOptions { BeamWidth = width });
            return (Action<int>)(call => quantizer.Encode(shape.FramesAt(call * frameCount, frameCount), codes.AsSpan()));
        }));
        for (var i = 0; i < Widths.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name,-22} | T = {frameCount,4} | width {Widths[i],2} | {times[i] / frameCount,8:F2} µs | {times[i] / times[0]:F2} × greedy |"));
        }
    }
}
