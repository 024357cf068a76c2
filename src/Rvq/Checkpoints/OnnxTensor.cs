using System.Buffers.Binary;
using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// One TensorProto of an ONNX model: sizes, type, name, and the elements as raw bytes, as a packed list of their type, or in another file.
/// </summary>
internal sealed class OnnxTensor
{
    private const int MaxTextBytes = 1 << 20;
    private const ulong InAnotherFile = 1;

    private readonly List<long> _shape = [];
    private readonly StreamCursor _message;
    private ulong _type;
    private string _name = "";
    private string? _file;
    private bool _isSegment;
    private (int Field, StreamCursor Bytes)? _elements;

    private OnnxTensor(StreamCursor message)
    {
        _message = message;
        foreach (var field in Protobuf.Fields(message))
        {
            Take(field);
        }
    }

    /// <summary>Reads a tensor. Float16 elements that stand in a list of integers are added to the stream.</summary>
    /// <param name="message">The TensorProto.</param>
    /// <param name="name">The name, where it is not the tensor's own.</param>
    /// <param name="stream">The file.</param>
    public static TensorEntry Read(StreamCursor message, string? name, JoinedStream stream)
    {
        var tensor = new OnnxTensor(message);
        return tensor.Entry(name ?? tensor._name, stream);
    }

    private void Take(Protobuf.Field field)
    {
        switch (field.Number)
        {
            case 1 when field.Bytes is { } sizes:
                while (sizes.Remaining > 0)
                {
                    AddSize(sizes.Varint("size"));
                }

                break;
            case 1:
                AddSize(field.Integer);
                break;
            case 2:
                _type = field.Integer;
                break;
            case 3:
                _isSegment = true;
                break;
            case 4 or 5 or 9 or 10 when field.Bytes is { } elements:
                _elements = _elements is null ? (field.Number, elements)
                    : throw _message.Invalid("has a tensor whose elements stand there twice");
                break;
            case 8 when field.Bytes is { } name:
                _name = name.Text(name.Remaining, MaxTextBytes, "name");
                break;
            case 13 when field.Bytes is { } pair:
                TakeLocation(pair);
                break;
            case 14 when field.Integer == InAnotherFile:
                _file ??= "another file";
                break;
        }
    }

    private void AddSize(ulong size)
    {
        if (_shape.Count == TensorEntry.MaxRank)
        {
            throw _message.Invalid($"has a tensor of more than {TensorEntry.MaxRank} dimensions");
        }

        _shape.Add((long)size);
    }

    private void TakeLocation(StreamCursor pair)
    {
        var (key, value) = OnnxReader.Pair(pair);
        if (key == "location")
        {
            _file = TensorEntry.Quote(value);
        }
    }

    private TensorEntry Entry(string name, JoinedStream stream)
    {
        var (element, typeName, size, list) = TypeOf(_type);
        var entry = new TensorEntry(name, element, typeName, [.. _shape], _elements?.Bytes.Position ?? _message.Position);
        if (TensorEntry.TryCount(entry.Shape) is not { } count)
        {
            throw _message.Invalid($"has a tensor {TensorEntry.Quote(name)} of sizes [{string.Join(", ", _shape)}]");
        }

        var obstacle = _file is not null
            ? $"has its elements in {_file}, beside the model; put them into one file, as onnx.save does by default."
            : _isSegment ? "is a segment of a tensor."
            : null;
        if (obstacle is not null || element == ElementType.Other || count == 0)
        {
            return entry with { Obstacle = obstacle };
        }

        if (_elements is not var (field, bytes) || (field != 9 && field != list))
        {
            throw entry.Invalid("has no elements of its type.");
        }

        if (field == 5)
        {
            return entry with { Offset = stream.Append(Halves(bytes, entry, count)), Place = $"at byte {bytes.End}" };
        }

        return (Int128)count * size == bytes.Remaining
            ? entry
            : throw entry.Invalid($"has sizes [{string.Join(", ", _shape)}] of {size} bytes each, but {bytes.Remaining} bytes.");
    }

    private static byte[] Halves(StreamCursor integers, TensorEntry entry, long count)
    {
        if (count > integers.Remaining)
        {
            throw entry.Invalid($"has {count} elements in {integers.Remaining} bytes.");
        }

        var halves = new byte[count * sizeof(ushort)];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(halves.AsSpan(i * sizeof(ushort)), (ushort)integers.Varint("element"));
        }

        return integers.Remaining == 0 ? halves : throw entry.Invalid($"has more than its {count} elements.");
    }

    // The last number is the field of the list that keeps elements of the type; what is not read has neither size nor list.
    private static (ElementType Type, string Name, int Size, int List) TypeOf(ulong type) => type switch
    {
        1 => (ElementType.Float32, "F32", 4, 4),
        10 => (ElementType.Float16, "F16", 2, 5),
        11 => (ElementType.Float64, "F64", 8, 10),
        16 => (ElementType.BFloat16, "BF16", 2, 5),
        2 => (ElementType.Other, "U8", 0, 0),
        3 => (ElementType.Other, "I8", 0, 0),
        6 => (ElementType.Other, "I32", 0, 0),
        7 => (ElementType.Other, "I64", 0, 0),
        9 => (ElementType.Other, "BOOL", 0, 0),
        _ => (ElementType.Other, string.Create(CultureInfo.InvariantCulture, $"ONNX type {type}"), 0, 0),
    };
}
