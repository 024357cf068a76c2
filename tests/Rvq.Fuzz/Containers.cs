using System.IO.Compression;

namespace Rvq.Fuzz;

/// <summary>
/// The containers of checkpoints, each a target of its own so that its seeds are changed by themselves. All are told by their first bytes
/// and read whole: the tensors first, then what a model is made of. The seeds lie in the tests' data; the files of a call take their place.
/// </summary>
internal static class Containers
{
    public static readonly (string Name, Func<IEnumerable<byte[]>> Seeds)[] All =
    [
        ("safetensors", () => Files("CheckpointData", ".safetensors")),
        ("torch", () => Files("FileData", ".th", ".pt", ".pth")),
        ("torch-legacy", () => Files("FileData/legacy_torch", ".th")),
        ("onnx", () => Files("CheckpointData", ".onnx")),
        ("gguf", () => Files("CheckpointData", ".gguf")),
        ("npz", () => Files("CheckpointData/npy_codebook_semanticodec", ".npy")
            .SelectMany(npy => new[] { npy, Zip(npy, CompressionLevel.Fastest), Zip(npy, CompressionLevel.NoCompression) })),
        ("nemo", () => Files("CheckpointData", ".nemo")),
        ("faiss", () => Files("FileData", ".index")),
        ("tflite", () => []),
    ];

    public static void Read(byte[] bytes)
    {
        using (var checkpoint = Checkpoint.Open(new MemoryStream(bytes)))
        {
            foreach (var tensor in checkpoint.Tensors.Where(tensor => tensor.ElementType is "F32" or "F16" or "BF16" or "F64").Take(16))
            {
                checkpoint.Read(tensor.Name);
            }
        }

        RvqModel.Load(new MemoryStream(bytes), new LoadOptions { BareCodebooks = bytes.Length % 2 == 0 });
    }

    /// <summary>The files of a folder of the tests' data with those ends of their names.</summary>
    public static IEnumerable<byte[]> Files(string folder, params string[] extensions)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !Directory.Exists(Path.Combine(root.FullName, "tests", "Rvq.Tests")))
        {
            root = root.Parent;
        }

        return root is null ? []
            : Directory.EnumerateFiles(Path.Combine(root.FullName, "tests", "Rvq.Tests", folder), "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
    }

    private static byte[] Zip(byte[] npy, CompressionLevel compression)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("codebook.npy", compression).Open();
            entry.Write(npy);
        }

        return stream.ToArray();
    }
}
