namespace Rvq.Checkpoints;

/// <summary>Finds the files of a checkpoint: one file, a Hugging Face folder, an index with its shards, or a stream.</summary>
internal static class CheckpointPlace
{
    /// <summary>The names under which Hugging Face's programs save a model, the preferred first.</summary>
    private static readonly string[] UsualNames =
    [
        "model.safetensors", "model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
        "diffusion_pytorch_model.safetensors.index.json",
        "pytorch_model.bin", "pytorch_model.bin.index.json",
    ];

    private static readonly string[] Extensions =
        [".safetensors", ".pt", ".pth", ".ckpt", ".th", ".bin", ".onnx", ".gguf", ".nemo", ".npy", ".npz", ".tflite", ".index", ".faiss"];

    public static Checkpoint Open(string path)
    {
        var file = Directory.Exists(path) ? InFolder(path) : path;
        try
        {
            return file.EndsWith(ShardIndex.Extension, StringComparison.OrdinalIgnoreCase) ? ShardIndex.Open(file) : OpenFile(file);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }

    public static Checkpoint Open(Stream stream)
    {
        var spool = stream.CanSeek ? null : Spool.Copy(stream, long.MaxValue, "The stream");
        return Open(stream, spool);
    }

    public static async Task<Checkpoint> OpenAsync(Stream stream, CancellationToken cancellationToken)
    {
        var spool = stream.CanSeek ? null
            : await Spool.CopyAsync(stream, long.MaxValue, "The stream", cancellationToken).ConfigureAwait(false);
        return Open(stream, spool);
    }

    private static Checkpoint Open(Stream stream, Stream? spool)
    {
        try
        {
            var source = spool ?? (
                stream.Position == 0 ? stream : new JoinedStream(stream, stream.Position, Math.Max(stream.Length - stream.Position, 0)));
            var file = CheckpointReader.Guarded(source, () => CheckpointReader.Open(source));
            return new Checkpoint(file.With(file.Format, file.Metadata, spool is null ? [] : [spool]), null);
        }
        catch
        {
            spool?.Dispose();
            throw;
        }
    }

    private static Checkpoint OpenFile(string path)
    {
        ShardIndex.RefuseShard(path);
        var stream = OpenStream(path);
        try
        {
            var file = CheckpointReader.Guarded(stream, () => CheckpointReader.Open(stream));
            return new Checkpoint(file.With(file.Format, file.Metadata, stream), path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public static FileStream OpenStream(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    /// <summary>
    /// The model in a folder: under a usual name, or the only file with a checkpoint's extension. Hugging Face's cache keeps it under
    /// snapshots.
    /// </summary>
    private static string InFolder(string folder)
    {
        folder = Snapshot(folder) ?? folder;
        if (UsualNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } usual)
        {
            return usual;
        }

        var others = Directory.EnumerateFiles(folder)
            .Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant())
                || file.EndsWith(ShardIndex.Extension, StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal).Take(6).ToArray();
        return others switch
        {
            [var only] => only,
            [] => throw new InvalidDataException(
                $"{folder}: The folder holds no model: none of {string.Join(", ", UsualNames)}, and no file that ends with "
                + $"{string.Join(", ", Extensions)}."),
            _ => throw new InvalidDataException(
                $"{folder}: The folder holds several files that may be the model "
                + $"({string.Join(", ", others.Select(file => TensorEntry.Quote(Path.GetFileName(file))))}); load one of them."),
        };
    }

    /// <summary>The main snapshot of a folder of Hugging Face's cache, or the only one; null where it is no such folder.</summary>
    private static string? Snapshot(string folder)
    {
        var snapshots = Path.Combine(folder, "snapshots");
        var main = Path.Combine(folder, "refs", "main");
        if (!Directory.Exists(snapshots))
        {
            return null;
        }

        var named = File.Exists(main) && new FileInfo(main).Length < 100
            ? Path.Combine(snapshots, Path.GetFileName(File.ReadAllText(main).Trim())) : null;
        return Directory.Exists(named) ? named : Directory.GetDirectories(snapshots) is [var only] ? only : null;
    }
}
