using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads PyTorch's zip format: <c>{root}/data.pkl</c> describes nested dictionaries of tensors, <c>{root}/data/{key}</c> are their storages.
/// Tensors are named by the path of keys that leads to them, joined by dots; numbers and texts on the way become metadata.
/// </summary>
internal static class TorchZipReader
{
    private const int MaxDepth = 8;
    private const int MaxNameLength = 512;
    private const int MaxTensors = 1 << 16;
    private const int MaxMetadata = 1 << 12;
    private const int MaxPickleBytes = 64_000_000;
    private const int MaxByteOrderBytes = 16;

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith("PK\x3\x4"u8);

    public static TensorFile Read(Stream stream)
    {
        var zip = new ZipDirectory(stream);
        var pickle = zip.Entries.FirstOrDefault(entry => entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw new InvalidDataException("The zip file has no data.pkl and so is no PyTorch checkpoint.");
        var root = pickle.Name[..^"data.pkl".Length];
        if (zip.Find($"{root}byteorder") is { } order && !zip.Read(order, MaxByteOrderBytes).AsSpan().StartsWith("little"u8))
        {
            throw new InvalidDataException("The PyTorch file was written on a big-endian machine, which is not supported.");
        }

        var contents = new Contents(zip, root);
        contents.Add("", PickleReader.Read(zip.Read(pickle, MaxPickleBytes)), 0);
        return new TensorFile(stream, contents.Tensors, contents.Metadata);
    }

    private sealed class Contents(ZipDirectory zip, string root)
    {
        // A dictionary that is reached twice (or holds itself) is read once.
        private readonly HashSet<PickleMap> _seen = [];
        private readonly Dictionary<PickleStorage, long> _storages = [];

        public List<TensorEntry> Tensors { get; } = [];

        public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

        public void Add(string name, object? value, int depth)
        {
            if (value is PickleTensor tensor)
            {
                Tensors.Add(Tensors.Count < MaxTensors
                    ? Entry(name, tensor)
                    : throw new InvalidDataException($"The file has more than {MaxTensors} tensors."));
            }
            else if (value is PickleMap map)
            {
                if (depth < MaxDepth && _seen.Add(map))
                {
                    AddAll(name, map, depth);
                }
            }
            else if (Metadata.Count < MaxMetadata && Scalar(value) is { } text)
            {
                Metadata[name] = text;
            }
        }

        private void AddAll(string name, PickleMap map, int depth)
        {
            foreach (var (key, value) in map.Pairs)
            {
                if (key is not (string or long))
                {
                    continue;
                }

                var part = key as string ?? ((long)key).ToString(CultureInfo.InvariantCulture);
                if (part.Length + name.Length > MaxNameLength)
                {
                    throw new InvalidDataException($"The name {TensorEntry.Quote($"{name}.{part}")} has more than {MaxNameLength} characters.");
                }

                Add(name.Length == 0 ? part : $"{name}.{part}", value, depth + 1);
            }
        }

        private static string? Scalar(object? value) => value switch
        {
            string text when text.Length <= 1 << 16 => text,
            bool flag => flag ? "true" : "false", // WhisperSpeech's use_cosine_sim
            long number => number.ToString(CultureInfo.InvariantCulture),
            List<object?> items when items.Count > 0 && PickleConstruction.Integers(items) is { } numbers => string.Join(',', numbers),
            _ => null,
        };

        private TensorEntry Entry(string name, PickleTensor tensor)
        {
            var storage = tensor.Storage;
            if (!_storages.TryGetValue(storage, out var start))
            {
                _storages[storage] = start = Locate(name, storage);
            }

            var contiguous = IsRowMajor(tensor);
            if (TensorEntry.TryCount(tensor.Shape) is not { } count
                || tensor.Offset < 0
                || tensor.Offset > storage.Count - count
                || (count > 0 && !Fits(tensor)))
            {
                throw new InvalidDataException(
                    $"Tensor {TensorEntry.Quote(name)} has offset {tensor.Offset}, sizes [{string.Join(", ", tensor.Shape)}] and "
                    + $"strides [{string.Join(", ", tensor.Strides)}], which do not fit its storage of {storage.Count} values at byte {start}.");
            }

            return new TensorEntry(name, storage.Type, storage.TypeName, tensor.Shape, start + (tensor.Offset * storage.ElementSize))
            {
                Strides = contiguous ? null : tensor.Strides,
            };
        }

        private long Locate(string name, PickleStorage storage)
        {
            var entry = zip.Find($"{root}data/{storage.Key}")
                ?? throw new InvalidDataException(
                    $"Tensor {TensorEntry.Quote(name)} has no storage {TensorEntry.Quote($"{root}data/{storage.Key}")} in the zip file.");
            return (Int128)storage.Count * storage.ElementSize == entry.Length
                ? zip.Locate(entry)
                : throw new InvalidDataException(
                    $"Tensor {TensorEntry.Quote(name)} has a storage of {storage.Count} values of {storage.ElementSize} bytes, "
                    + $"but {TensorEntry.Quote(entry.Name)} at byte {entry.LocalHeader} has {entry.Length} bytes.");
        }

        /// <summary>Whether all elements lie inside the storage; strides must not be negative.</summary>
        private static bool Fits(PickleTensor tensor)
        {
            var last = (Int128)tensor.Offset;
            for (var i = 0; i < tensor.Shape.Length; i++)
            {
                if (tensor.Strides[i] < 0)
                {
                    return false;
                }

                last += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i];
            }

            return last < tensor.Storage.Count;
        }

        private static bool IsRowMajor(PickleTensor tensor)
        {
            var expected = (Int128)1;
            for (var i = tensor.Shape.Length - 1; i >= 0; i--)
            {
                if (tensor.Shape[i] != 1 && tensor.Strides[i] != expected)
                {
                    return false;
                }

                expected *= tensor.Shape[i];
            }

            return true;
        }
    }
}
