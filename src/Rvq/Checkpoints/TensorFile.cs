using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Rvq.Checkpoints;

/// <summary>The tensors of a checkpoint, each read from the stream when it is asked for.</summary>
internal sealed class TensorFile
{
    private const int ChunkBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly Dictionary<string, TensorEntry> _byName;

    // Views of a PyTorch file may share storage. Twice the file is more than any real one needs, and keeps a small file from filling memory.
    private long _readable;

    public TensorFile(Stream stream, IReadOnlyList<TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        _stream = stream;
        _readable = 2 * stream.Length;
        Tensors = tensors;
        Metadata = metadata;
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

    /// <summary>What the file says beside its tensors.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>
    /// The tensor of a name, or null. safetensors' <c>save_model</c> keeps one of several equal tensors and notes the others'
    /// names in the metadata; those are followed.
    /// </summary>
    public TensorEntry? Find(string name)
        => _byName.TryGetValue(name, out var tensor) || (Metadata.TryGetValue(name, out var kept) && _byName.TryGetValue(kept, out tensor)) ? tensor : null;

    /// <summary>Reads a tensor as float32, row-major, into its <see cref="TensorEntry.Count"/> elements.</summary>
    public void Read(TensorEntry tensor, Span<float> destination)
    {
        if (tensor.ElementSize == 0)
        {
            throw tensor.Invalid($"has type {tensor.TypeName}; weights are read from F32, F16, BF16 and F64.");
        }

        var span = Span(tensor);
        _readable -= span * tensor.ElementSize;
        if (_readable < 0 || span > Array.MaxLength)
        {
            throw tensor.Invalid($"takes {span} values; together the tensors that are read would be more than twice the file, or more than {Array.MaxLength} values.");
        }

        if (tensor.Strides is null)
        {
            ReadElements(tensor.Type, tensor.ElementSize, tensor.Offset, destination);
        }
        else
        {
            ReadStrided(tensor, tensor.Strides, new float[span], destination);
        }
    }

    /// <summary>The elements from the first to the last of a tensor, those between its own included.</summary>
    private static long Span(TensorEntry tensor)
    {
        if (tensor.Strides is null || tensor.Count == 0)
        {
            return tensor.Count;
        }

        var span = 1L;
        for (var i = 0; i < tensor.Shape.Length; i++)
        {
            span += (tensor.Shape[i] - 1) * tensor.Strides[i];
        }

        return span;
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

    private void ReadStrided(TensorEntry tensor, long[] strides, float[] storage, Span<float> destination)
    {
        var shape = tensor.Shape;
        ReadElements(tensor.Type, tensor.ElementSize, tensor.Offset, storage);
        var index = new long[shape.Length];
        for (var (i, position) = (0, 0L); i < destination.Length; i++)
        {
            destination[i] = storage[position];
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                position += strides[axis];
                if (++index[axis] < shape[axis])
                {
                    break;
                }

                position -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }
    }
}
