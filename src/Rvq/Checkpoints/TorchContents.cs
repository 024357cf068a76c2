using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// What a PyTorch pickle holds, as tensors named by the path of keys, numbers and attributes that leads to them, joined by dots; numbers
/// and texts on the way become metadata. A module's parameters, buffers and modules are named as its <c>state_dict</c> names them.
/// </summary>
/// <param name="stream">The file; the bytes of numpy arrays are added to it.</param>
/// <param name="locate">Gives the first byte of a storage's own file or stretch, for a tensor of a name.</param>
internal sealed class TorchContents(JoinedStream stream, Func<string, PickleStorage, long> locate)
{
    private const int MaxDepth = 48; // a module takes two
    private const int MaxNameLength = 512;
    private const int MaxTensors = 1 << 16;
    private const int MaxMetadata = 1 << 12;
    private const int MaxTextLength = 1 << 16;

    // What is reached twice (or holds itself) is read once.
    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<PickleStorage, long> _storages = [];
    private readonly List<TensorEntry> _tensors = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private string? _object;

    /// <summary>The file of everything under a pickle's root.</summary>
    public TensorFile Read(object? root, string format)
    {
        Add("", root, 0);
        return new TensorFile(stream, _tensors, _metadata)
        {
            Format = format,
            Advice = _object is null ? null
                : $"It holds a Python object of class {TensorEntry.Quote(_object.Replace(' ', '.'))}; torch.save(model.state_dict(), path) "
                    + "writes its tensors alone.",
        };
    }

    private void Add(string name, object? value, int depth)
    {
        switch (value)
        {
            case PickleTensor tensor:
                AddTensor(Entry(name, tensor));
                break;
            case PickleUnread unread:
                AddTensor(new TensorEntry(
                    name, ElementType.Other, unread.Kind, TensorEntry.TryCount(unread.Shape) is null ? [] : unread.Shape, 0));
                break;
            case PickleArray { Objects: [] } array:
                AddArray(name, array);
                break;
            case PickleMap or PickleObject or List<object?> or PickleArray:
                if (depth < MaxDepth && _seen.Add(value))
                {
                    AddParts(name, value, depth);
                }

                break;
        }

        if (_metadata.Count < MaxMetadata && Scalar(value) is { } text)
        {
            _metadata[name] = text;
        }
    }

    private void AddParts(string name, object value, int depth)
    {
        switch (value)
        {
            case PickleMap map:
                AddAll(name, map, depth);
                break;
            case List<object?> list:
                AddAll(name, list, depth);
                break;
            case PickleArray array:
                AddAll(name, array.Objects, depth);
                break;
            case PickleObject unknown:
                AddAll(name, unknown.Items, depth);
                AddAll(name, unknown.Elements, depth);
                AddAttributes(name, unknown, depth);
                break;
        }
    }

    private void AddAll(string name, List<object?> items, int depth)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not (null or bool or long or double or string or byte[]))
            {
                Add(Join(name, i.ToString(CultureInfo.InvariantCulture)), items[i], depth + 1);
            }
        }
    }

    private void AddAll(string name, PickleMap map, int depth)
    {
        foreach (var (key, value) in map.Pairs)
        {
            if (key is string or long)
            {
                Add(Join(name, key as string ?? ((long)key).ToString(CultureInfo.InvariantCulture)), value, depth + 1);
            }
        }
    }

    private void AddAttributes(string name, PickleObject unknown, int depth)
    {
        foreach (var (key, value) in unknown.Attributes?.Pairs ?? [])
        {
            if (key is "_parameters" or "_buffers" or "_modules")
            {
                _object ??= unknown.Name;
                Add(name, value, depth + 1);
            }
            else if (key is string attribute)
            {
                Add(Join(name, attribute), value, depth + 1);
            }
        }
    }

    private static string Join(string name, string part)
    {
        if (part.Length + name.Length > MaxNameLength)
        {
            throw new InvalidDataException($"The name {TensorEntry.Quote($"{name}.{part}")} has more than {MaxNameLength} characters.");
        }

        return name.Length == 0 ? part : $"{name}.{part}";
    }

    private static string? Scalar(object? value) => value switch
    {
        string text when text.Length <= MaxTextLength => text,
        bool flag => flag ? "true" : "false", // WhisperSpeech's use_cosine_sim
        long number => number.ToString(CultureInfo.InvariantCulture),
        List<object?> items when items.Count > 0 && PickleConstruction.Integers(items) is { } numbers => string.Join(',', numbers),
        _ => null,
    };

    private void AddTensor(TensorEntry tensor)
        => _tensors.Add(
            _tensors.Count < MaxTensors ? tensor : throw new InvalidDataException($"The file has more than {MaxTensors} tensors."));

    private void AddArray(string name, PickleArray array)
    {
        if (array.Type is not { } type)
        {
            return;
        }

        var element = NumpyType.Of(type.ToString());
        AddTensor(new TensorEntry(name, element.Type, element.Name, array.Shape, stream.Append(array.Data))
        {
            Strides = array.IsFortranOrder ? NumpyType.FortranStrides(array.Shape) : null,
        });
    }

    private TensorEntry Entry(string name, PickleTensor tensor)
    {
        var storage = tensor.Storage;
        if (storage.ElementSize == 0)
        {
            return new TensorEntry(
                name, ElementType.Other, storage.TypeName, TensorEntry.TryCount(tensor.Shape) is null ? [] : tensor.Shape, 0);
        }

        if (!_storages.TryGetValue(storage, out var start))
        {
            _storages[storage] = start = locate(name, storage);
        }

        if (!Fits(tensor))
        {
            throw new InvalidDataException(
                $"Tensor {TensorEntry.Quote(name)} has offset {tensor.Offset}, sizes [{string.Join(", ", tensor.Shape)}] and "
                + $"strides [{string.Join(", ", tensor.Strides)}], which do not fit its storage of {storage.Count} values at byte "
                + $"{start}.");
        }

        return new TensorEntry(name, storage.Type, storage.TypeName, tensor.Shape, start
            + ((storage.Start + tensor.Offset) * storage.ElementSize))
        {
            Strides = IsRowMajor(tensor) ? null : tensor.Strides,
        };
    }

    /// <summary>Whether all elements lie inside the storage, and are no more than it has; strides must not be negative.</summary>
    private static bool Fits(PickleTensor tensor)
    {
        if (TensorEntry.TryCount(tensor.Shape) is not { } count || tensor.Offset < 0 || tensor.Offset > tensor.Storage.Count - count)
        {
            return false;
        }

        var last = (Int128)tensor.Offset;
        for (var i = 0; count > 0 && i < tensor.Shape.Length; i++)
        {
            if (tensor.Strides[i] < 0)
            {
                return false;
            }

            last += (Int128)(tensor.Shape[i] - 1) * tensor.Strides[i];
        }

        return count == 0 || last < tensor.Storage.Count;
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
