using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Rvq.Tests.Checkpoints;

/// <summary>
/// Writes PyTorch's zip format as torch.save does: a protocol 2 pickle of tensors over storages that are stored beside it.
/// </summary>
internal static class TorchBytes
{
    /// <summary>A state dict under the given keys, such as best_state.</summary>
    public static byte[] StateDict(IReadOnlyList<TensorBytes> tensors, params string[] path)
    {
        var pickle = new PickleBytes();
        foreach (var key in path)
        {
            pickle.Op('}').Op('(').Text(key);
        }

        pickle.Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        for (var i = 0; i < tensors.Count; i++)
        {
            pickle.Text(tensors[i].Name).Tensor(tensors[i], i.ToString(null as IFormatProvider));
        }

        pickle.Op('u');
        foreach (var _ in path)
        {
            pickle.Op('u');
        }

        return Zip(pickle.Op('.').ToArray(), [.. tensors.Select((tensor, i) => ($"data/{i}", tensor.Data))]);
    }

    /// <summary>A zip file of data.pkl and other entries, nothing compressed.</summary>
    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Data)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, data) in entries.Prepend(("data.pkl", pickle)))
            {
                using var entry = zip.CreateEntry($"archive/{name}", CompressionLevel.NoCompression).Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }
}

/// <summary>Writes pickles, operation by operation.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> _bytes = [0x80, 2];

    public PickleBytes Op(params ReadOnlySpan<char> operations)
    {
        foreach (var operation in operations)
        {
            _bytes.Add((byte)operation);
        }

        return this;
    }

    public PickleBytes Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBytes Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op('X').Int32(bytes.Length).Raw(bytes);
    }

    public PickleBytes Number(long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Raw(0x8A, 8).Raw(bytes);
    }

    public PickleBytes Tuple(params ReadOnlySpan<long> numbers)
    {
        Op('(');
        foreach (var number in numbers)
        {
            Number(number);
        }

        return Op('t');
    }

    public PickleBytes Global(string module, string name) => Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleBytes Storage(string type, string key, long count)
        => Op('(').Text("storage").Global("torch", type).Text(key).Text("cpu").Number(count).Op('t').Op('Q');

    public PickleBytes Tensor(string type, string key, long count, long offset, long[] shape, long[] strides)
        => Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(type, key, count).Number(offset).Tuple(shape).Tuple(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');

    public PickleBytes Tensor(TensorBytes tensor, string key)
    {
        var (type, size) = tensor.Type switch
        {
            "F32" => ("FloatStorage", 4),
            "F16" => ("HalfStorage", 2),
            "BF16" => ("BFloat16Storage", 2),
            "F64" => ("DoubleStorage", 8),
            "I64" => ("LongStorage", 8),
            "BOOL" => ("BoolStorage", 1),
            _ => throw new ArgumentException(tensor.Type, nameof(tensor)),
        };
        var strides = tensor.Shape.Select((_, axis) => tensor.Shape[(axis + 1)..].Aggregate(1L, (a, b) => a * b)).ToArray();
        return Tensor(type, key, tensor.Data.Length / size, 0, tensor.Shape, strides);
    }

    public byte[] ToArray() => [.. _bytes];

    private PickleBytes Int32(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Raw(bytes);
    }
}
