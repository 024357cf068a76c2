using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rvq.Checkpoints;

/// <summary>
/// Opens a model that is spread over several files by its <c>*.index.json</c>, whose <c>weight_map</c> says for each tensor which file
/// beside it holds it.
/// </summary>
internal static partial class ShardIndex
{
    public const string Extension = ".index.json";

    private const int MaxBytes = 64_000_000;
    private const int MaxShards = 1000;

    public static Checkpoint Open(string path)
    {
        var map = Read(path);
        var shards = map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (shards.Length is 0 or > MaxShards)
        {
            throw new InvalidDataException($"Its weight_map names {shards.Length} files; from 1 to {MaxShards} are read.");
        }

        var opened = new List<IDisposable>();
        try
        {
            var joined = new JoinedStream();
            var tensors = new List<TensorEntry>();
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var format = "";
            foreach (var shard in shards)
            {
                var stream = CheckpointPlace.OpenStream(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, shard));
                opened.Add(stream);
                var file = OpenShard(stream, shard);
                opened.Add(file);
                var start = joined.Append(file.Stream, 0, file.Stream.Length);
                tensors.AddRange(file.Tensors.Select(tensor => tensor with
                {
                    Offset = start + tensor.Offset,
                    Place = $"{tensor.Place ?? $"at byte {tensor.Offset}"} of {TensorEntry.Quote(shard)}",
                }));
                foreach (var (key, value) in file.Metadata)
                {
                    metadata.TryAdd(key, value);
                }

                CheckMap(map, shard, file);
                format = file.Format;
            }

            return new Checkpoint(
                new TensorFile(joined, tensors, metadata) { Format = $"{format} in {shards.Length} files", Owned = opened }, path);
        }
        catch
        {
            opened.ForEach(item => item.Dispose());
            throw;
        }
    }

    /// <summary>Refuses a file that is one of several by its name, or by an index beside it.</summary>
    public static void RefuseShard(string path)
    {
        var (folder, name) = (Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path));
        var match = NumberedName().Match(name);
        if (match.Success && match.Groups["extension"].Value != ".gguf" && match.Groups["of"].Value.TrimStart('0') is not ("" or "1"))
        {
            var index = $"{match.Groups["stem"].Value}{match.Groups["extension"].Value}{Extension}";
            throw new InvalidDataException(
                $"It is one of {match.Groups["of"].Value.TrimStart('0')} files of a model; load {index}"
                + (File.Exists(Path.Combine(
                    folder, index)) ? ", which lies beside it." : ", which says which tensors are where, and which is missing beside it."));
        }

        var beside = $"{path}{Extension}";
        if (File.Exists(beside) && Read(beside).Values.Any(file => file != name))
        {
            throw new InvalidDataException(
                $"It is one of several files of a model; load {Path.GetFileName(beside)}, which lies beside it.");
        }
    }

    private static TensorFile OpenShard(Stream stream, string shard)
    {
        try
        {
            return CheckpointReader.Guarded(stream, () => CheckpointReader.Open(stream));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"In its file {TensorEntry.Quote(shard)}: {e.Message}", e);
        }
    }

    private static void CheckMap(Dictionary<string, string> map, string shard, TensorFile file)
    {
        foreach (var (name, where) in map)
        {
            if (where == shard && file.Find(name) is null)
            {
                throw new InvalidDataException(
                    $"Tensor {TensorEntry.Quote(name)} is missing in {TensorEntry.Quote(shard)}, where the index says it is.");
            }
        }
    }

    /// <summary>
    /// The file of each tensor. A file is named without a folder, so that an index reaches nothing but what lies beside it.
    /// </summary>
    private static Dictionary<string, string> Read(string path)
    {
        var info = new FileInfo(path);
        if (info.Exists && info.Length > MaxBytes)
        {
            throw new InvalidDataException($"The index has {info.Length} bytes; at most {MaxBytes} are read.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 8 });
            var map = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var tensor in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var file = tensor.Value.GetString();
                if (string.IsNullOrEmpty(file) || file is "." or ".." || file.IndexOfAny(['/', '\\', ':', '\0']) >= 0)
                {
                    throw new InvalidDataException(
                        $"The index has the file {TensorEntry.Quote(file ?? "null")}; only names of files beside it are followed.");
                }

                map[tensor.Name] = file;
            }

            return map;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"The index {TensorEntry.Quote(Path.GetFileName(path))} is broken: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"^(?<stem>.+)-\d{5}-of-(?<of>\d{5})(?<extension>\.[A-Za-z]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex NumberedName();
}
