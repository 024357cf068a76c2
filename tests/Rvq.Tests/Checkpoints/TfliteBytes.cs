using System.Buffers.Binary;
using System.Text;

namespace Rvq.Tests.Checkpoints;

/// <summary>Writes TFLite models of constants alone, table by table as schema.fbs and the flatbuffers' format say.</summary>
internal sealed class TfliteBytes
{
    private readonly List<byte> _bytes = [];

    private TfliteBytes()
    {
    }

    /// <summary>A model of one subgraph "net" whose tensors have buffers of their own, after buffer 0, which never has bytes.</summary>
    public static byte[] Model(params (string Name, byte Type, int[]? Shape, byte[] Data)[] tensors)
    {
        var file = new TfliteBytes();
        var root = file.UInt32(0);
        file._bytes.AddRange("TFL3"u8);
        var model = file.Table(root, 5, 2, 4);
        var subgraph = file.Table(file.Vector(model[2], 1)[0], 5, 0, 4);
        file.Text(subgraph[4], "net");
        var places = file.Vector(subgraph[0], tensors.Length);
        for (var i = 0; i < tensors.Length; i++)
        {
            var (name, type, shape, _) = tensors[i];
            var tensor = file.Table(places[i], 4, shape is null ? [1, 2, 3] : [0, 1, 2, 3]);
            file._bytes[tensor[1]] = type;
            file.Set(tensor[2], i + 1);
            file.Text(tensor[3], name);
            if (shape is not null)
            {
                var sizes = file.Vector(tensor[0], shape.Length);
                for (var axis = 0; axis < shape.Length; axis++)
                {
                    file.Set(sizes[axis], shape[axis]);
                }
            }
        }

        var buffers = file.Vector(model[4], tensors.Length + 1);
        file.Table(buffers[0], 1);
        for (var i = 0; i < tensors.Length; i++)
        {
            var buffer = file.Table(buffers[i + 1], 1, 0);
            file.Set(buffer[0], file._bytes.Count - buffer[0]);
            file.UInt32(tensors[i].Data.Length);
            file._bytes.AddRange(tensors[i].Data);
        }

        return [.. file._bytes];
    }

    /// <summary>A table that an offset leads to, with some of its fields, four bytes each; their places by number.</summary>
    private int[] Table(int offset, int fieldCount, params int[] fields)
    {
        var list = _bytes.Count;
        UInt16(4 + (2 * fieldCount));
        UInt16(4 + (4 * fields.Length));
        var places = new int[fieldCount];
        for (var field = 0; field < fieldCount; field++)
        {
            var index = Array.IndexOf(fields, field);
            UInt16(index < 0 ? 0 : 4 + (4 * index));
            places[field] = list + 4 + (2 * fieldCount) + 4 + (4 * index);
        }

        Set(offset, _bytes.Count - offset);
        UInt32(_bytes.Count - list);
        _bytes.AddRange(new byte[4 * fields.Length]);
        return places;
    }

    /// <summary>A vector that an offset leads to; the places of its elements of four bytes.</summary>
    private int[] Vector(int offset, int count)
    {
        Set(offset, _bytes.Count - offset);
        UInt32(count);
        return [.. Enumerable.Range(0, count).Select(_ => UInt32(0))];
    }

    private void Text(int offset, string text)
    {
        Set(offset, _bytes.Count - offset);
        UInt32(text.Length);
        _bytes.AddRange(Encoding.UTF8.GetBytes(text));
    }

    private void Set(int at, int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        for (var i = 0; i < 4; i++)
        {
            _bytes[at + i] = bytes[i];
        }
    }

    private int UInt32(int value)
    {
        _bytes.AddRange(new byte[4]);
        Set(_bytes.Count - 4, value);
        return _bytes.Count - 4;
    }

    private void UInt16(int value) => _bytes.AddRange([(byte)value, (byte)(value >> 8)]);
}
