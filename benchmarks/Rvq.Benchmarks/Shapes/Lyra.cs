using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Rvq.Benchmarks.Shapes;

/// <summary>
/// Lyra v2's own codebooks and 2.9 s of its encoder's features, from ../shared/data/lyra or $RVQ_DATA/lyra; the features repeat to fill
/// 1500 frames.
/// </summary>
internal static class Lyra
{
    public const string Name = "lyra";

    public const double FrameRate = 50;

    private static readonly string Folder = Path.Combine(
        Environment.GetEnvironmentVariable("RVQ_DATA") ?? Path.Combine(Repository.Root, "..", "shared", "data"), "lyra");

    public static bool IsAtHand => Directory.Exists(Folder);

    public static Shape Load()
    {
        var model = new RvqModel(ReadCodebooks(Path.Combine(Folder, "codebooks.safetensors")));
        var features = ReadNpy(Path.Combine(Folder, "features_sample2.npy"));
        var frames = new float[Shape.FrameCount * model.Dimensions];
        for (var i = 0; i < frames.Length; i++)
        {
            frames[i] = features[i % features.Length];
        }

        return new Shape(Name, FrameRate, model, frames);
    }

    private static Codebook[] ReadCodebooks(string path)
    {
        var file = File.ReadAllBytes(path);
        var headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, headerLength));
        var codebooks = new List<Codebook>();
        while (header.RootElement.TryGetProperty($"quantizer.layers.{codebooks.Count}.codebook.embed", out var tensor))
        {
            var (offsets, shape) = (tensor.GetProperty("data_offsets"), tensor.GetProperty("shape"));
            var (start, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
            codebooks.Add(
                new Codebook(MemoryMarshal.Cast<byte, float>(file.AsSpan(8 + headerLength + start, end - start)), shape[1].GetInt32()));
        }

        return [.. codebooks];
    }

    private static float[] ReadNpy(string path)
    {
        var file = File.ReadAllBytes(path);
        var dataStart = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        return MemoryMarshal.Cast<byte, float>(file.AsSpan(dataStart)).ToArray();
    }
}
