using System.IO.Hashing;
using System.Runtime.InteropServices;
using Rvq.Benchmarks.Shapes;

namespace Rvq.Benchmarks.Probes;

/// <summary>
/// A hash of the codes and of the decoded frames of every shape, one frame a call and all at once: what must not change when kernels do.
/// </summary>
internal static class Bits
{
    private const int BeamFrames = 60;

    public static void Print()
    {
        foreach (var name in ShapeCatalog.Names)
        {
            var shape = ShapeCatalog.Get(name);
            var (quantizer, dequantizer) = (new Quantizer(shape.Model), new Dequantizer(shape.Model));
            var frames = shape.FramesAt(0, Shape.FrameCount);
            var block = shape.Model.FramesPerBlock;
            int[] together = quantizer.Encode(frames), apart = new int[together.Length];
            float[] decoded = dequantizer.Decode(together), decodedApart = new float[decoded.Length];
            for (var first = 0; first < Shape.FrameCount; first += block)
            {
                var codes = apart.AsSpan(shape.CodeCount(first), shape.CodeCount(block));
                quantizer.Encode(shape.FramesAt(first, block), codes);
                dequantizer.Decode<int>(codes, decodedApart.AsSpan(first * shape.Model.Dimensions, block * shape.Model.Dimensions));
            }

            var beam = name.StartsWith("encodec", StringComparison.Ordinal)
                ? Hash<int>(new Quantizer(shape.Model, new QuantizerOptions { BeamWidth = 5 }).Encode(shape.FramesAt(0, BeamFrames)))
                : "";
            Console.WriteLine($"| {name,-28} | {Hash<int>(together)} | {Hash<int>(apart)} | {Hash<float>(decoded)} | {Hash<float>(decodedApart)} | {beam} |");
        }
    }

    private static string Hash<T>(ReadOnlySpan<T> values)
        where T : unmanaged
        => Convert.ToHexString(XxHash64.Hash(MemoryMarshal.AsBytes(values)));
}
