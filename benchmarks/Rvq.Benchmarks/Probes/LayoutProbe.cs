using System.Globalization;
using System.Numerics.Tensors;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>
/// Microseconds per frame of frames [T, D], and of the same with channels first, [1, D, T], as ONNX Runtime has them. Arguments: shape, T.
/// </summary>
internal static class LayoutProbe
{
    public static void Print(string name, int frameCount)
    {
        var shape = ShapeCatalog.Get(name);
        frameCount = shape.Round(frameCount);
        var (dimensions, callCount) = (shape.Model.Dimensions, Math.Max(1, Shape.FrameCount / frameCount));
        var frames = shape.FramesAt(0, callCount * frameCount).ToArray();
        var transposed = new float[frames.Length];
        for (var i = 0; i < frames.Length; i++)
        {
            var (frame, dimension) = Math.DivRem(i, dimensions);
            var (call, time) = Math.DivRem(frame, frameCount);
            transposed[(((call * dimensions) + dimension) * frameCount) + time] = frames[i];
        }

        var (quantizer, dequantizer) = (new Quantizer(shape.Model), new Dequantizer(shape.Model));
        var codes = new int[callCount * shape.CodeCount(frameCount)];
        var decoded = new float[frames.Length];
        quantizer.Encode(frames, codes.AsSpan());
        var times = Stopwatches.Medians(
            callCount,
            call => quantizer.Encode(Part(frames, call), CodesOf(call)),
            call => quantizer.Encode(ChannelsFirst(transposed, call), View(call)),
            call => dequantizer.Decode<int>(CodesOf(call), Part(decoded, call)),
            call => dequantizer.Decode<int>(View(call), ChannelsFirst(decoded, call)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name,-28} | T = {frameCount,4} | encode {times[0] / frameCount,8:F3} | channels first {times[1] / frameCount,8:F3} | decode {times[2] / frameCount,8:F3} | channels first {times[3] / frameCount,8:F3} |"));

        Span<float> Part(float[] values, int call) => values.AsSpan(call * frameCount * dimensions, frameCount * dimensions);

        TensorSpan<float> ChannelsFirst(float[] values, int call) => Layouts.ChannelsFirst(Part(values, call), 1, dimensions, frameCount);

        Span<int> CodesOf(int call) => codes.AsSpan(call * shape.CodeCount(frameCount), shape.CodeCount(frameCount));

        TensorSpan<int> View(int call) => new(CodesOf(call), [1, frameCount / shape.Model.FramesPerBlock, shape.Model.CodesPerBlock]);
    }
}
