using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Rvq.Checkpoints;

/// <summary>The tensors of a checkpoint, each read from the stream when it is asked for.</summary>
internal sealed class TensorFile : IDisposable
{
    private const int ChunkBytes = 1 << 16;

    // Views of a PyTorch file may share storage. Twice the file is more than any real one needs, and keeps a small file from filling
    // memory; the gaps between a view's elements are read too, which takes time.
    private const int MaxGapFactor = 64;

    private readonly Stream _stream;
    private readonly Dictionary<string, TensorEntry> _byName;
    private readonly Lazy<string[]> _sortedNames;
    private long _readable;
    private long _passable;

    public TensorFile(Stream stream, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        _stream = stream;
        _readable = 2 * stream.Length;
        _passable = MaxGapFactor * stream.Length;
        Tensors = tensors;
        Metadata = metadata;
        _sortedNames = new(() => [.. tensors.Select(tensor => tensor.Name).Concat(metadata.Keys).Order(StringComparer.Ordinal)]);
        _byName = new(tensors.Count, StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!_byName.TryAdd(tensor.Name, tensor))
            {
                throw tensor.Invalid("has a name that is in the file twice.");
            }
        }
    }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>The kind of file, such as "safetensors".</summary>
    public string Format { get; init; } = "safetensors";

    /// <summary>What to do where no quantizer is found, or null.</summary>
    public string? Advice { get; init; }

    /// <summary>The bytes that the tensors' offsets count.</summary>
    public Stream Stream => _stream;

    /// <summary>What was opened to read the tensors, and is closed with them.</summary>
    public IReadOnlyList<IDisposable> Owned { get; init; } = [];

    /// <summary>What the file says beside its tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public void Dispose()
    {
        foreach (var item in Owned)
        {
            item.Dispose();
        }
    }

    /// <summary>The same tensors with more said about them.</summary>
    public TensorFile With(string format, IReadOnlyDictionary<string, string> metadata, params IDisposable[] owned)
        => new(_stream, Tensors, metadata) { Format = format, Advice = Advice, Owned = [.. Owned, .. owned] };

    /// <summary>
    /// The tensor of a name, or null. safetensors' <c>save_model</c> keeps one of several equal tensors and notes the others'
    /// names in the metadata; those are followed.
    /// </summary>
    public TensorEntry? Find(string name)
        => _byName.TryGetValue(name, out var tensor) || (Metadata.TryGetValue(name, out var kept) && _byName.TryGetValue(kept, out tensor))
            ? tensor
            : null;

    /// <summary>The names, those that only the metadata knows included, that start with a text.</summary>
    public IEnumerable<string> NamesFrom(string start)
    {
        var names = _sortedNames.Value;
        var at = Array.BinarySearch(names, start, StringComparer.Ordinal);
        at = at < 0 ? ~at : at;
        while (at < names.Length && names[at].StartsWith(start, StringComparison.Ordinal))
        {
            yield return names[at++];
        }
    }

    /// <summary>
    /// Reads a tensor for a model, as <see cref="Copy"/> does. All that are read so may be twice the file together.
    /// </summary>
    public void Read(TensorEntry tensor, Span<float> destination)
    {
        _readable -= tensor.Count * tensor.ElementSize;
        if (_readable < 0)
        {
            throw tensor.Invalid($"has {tensor.Count} values; with it the tensors that are read would be more than twice the file.");
        }

        Copy(tensor, destination);
    }

    /// <summary>Refuses a tensor that cannot be read; the sizes of one that can are within the file.</summary>
    public static void Check(TensorEntry tensor)
    {
        if (tensor.Obstacle is { } obstacle)
        {
            throw tensor.Invalid(obstacle);
        }

        if (tensor.ElementSize == 0)
        {
            throw tensor.Invalid($"has type {tensor.TypeName}; weights are read from F32, F16, BF16 and F64.");
        }
    }

    /// <summary>Reads a tensor as float32, row-major, into its <see cref="TensorEntry.Count"/> elements.</summary>
    public void Copy(TensorEntry tensor, Span<float> destination)
    {
        Check(tensor);
        if (tensor.Strides is null || tensor.Count == 0)
        {
            ReadElements(tensor.Type, tensor.ElementSize, tensor.Offset, destination);
        }
        else
        {
            ReadStrided(tensor, tensor.Strides, destination);
        }
    }

    private void ReadElements(ElementType type, int size, long offset, Span<float> destination)
    {
        _stream.Position = offset;
        if (type == ElementType.Float32)
        {
            _stream.ReadExactly(MemoryMarshal.AsBytes(destination));
            if (!BitConverter.IsLittleEndian)
            {
                var bits = MemoryMarshal.Cast<float, int>(destination);
                BinaryPrimitives.ReverseEndianness(bits, bits);
            }

            return;
        }

        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, ChunkBytes / size);
            var bytes = chunk.AsSpan(0, count * size);
            _stream.ReadExactly(bytes);
            Convert(type, bytes, destination[..count]);
            destination = destination[count..];
        }

        ArrayPool<byte>.Shared.Return(chunk);
    }

    private static void Convert(ElementType type, ReadOnlySpan<byte> bytes, Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = type switch
            {
                ElementType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(i * 2)..]),
                ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * 2)..]) << 16),
                _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * 8)..]),
            };
        }
    }

    /// <summary>Reads a view run by run: along the axis of the smallest step, with the gaps between its elements.</summary>
    private void ReadStrided(TensorEntry tensor, long[] strides, Span<float> destination)
    {
        var shape = tensor.Shape;
        var run = 0;
        for (var axis = 1; axis < shape.Length; axis++)
        {
            run = shape[run] == 1 || (shape[axis] > 1 && strides[axis] < strides[run]) ? axis : run;
        }

        var steps = RowMajorSteps(shape);
        var (size, step) = (shape[run], strides[run]);
        var span = checked(((size - 1) * step) + 1);
        if (span > Array.MaxLength)
        {
            throw tensor.Invalid($"has elements that lie {span} values apart; at most {Array.MaxLength} are read.");
        }

        var storage = new float[span];
        var index = new long[shape.Length];
        for (var (left, from, to) = (tensor.Count / size, 0L, 0L); left > 0; left--)
        {
            _passable -= span * tensor.ElementSize;
            if (_passable < 0)
            {
                throw tensor.Invalid($"has steps between its elements; with it more than {MaxGapFactor} times the file would be read.");
            }

            ReadElements(tensor.Type, tensor.ElementSize, tensor.Offset + (from * tensor.ElementSize), storage);
            for (var i = 0L; i < size; i++)
            {
                destination[(int)(to + (i * steps[run]))] = storage[i * step];
            }

            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                if (axis == run)
                {
                    continue;
                }

                (from, to) = (from + strides[axis], to + steps[axis]);
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                (from, to) = (from - (strides[axis] * shape[axis]), to - (steps[axis] * shape[axis]));
                index[axis] = 0;
            }
        }
    }

    private static long[] RowMajorSteps(long[] shape)
    {
        var steps = new long[shape.Length];
        var step = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            steps[axis] = step;
            step *= shape[axis];
        }

        return steps;
    }
}
