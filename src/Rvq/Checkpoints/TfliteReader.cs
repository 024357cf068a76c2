using System.Buffers.Binary;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads the constants of a TFLite model (schema.fbs: a flatbuffer, whose tables are found through offsets), as tensors
/// <c>{subgraph}.{tensor}</c>.
/// </summary>
internal sealed class TfliteReader
{
    public const string Format = "TFLite";

    private const int MaxBytes = 64_000_000;
    private const int MaxTensors = 1 << 16;

    private readonly byte[] _bytes;

    private TfliteReader(byte[] bytes) => _bytes = bytes;

    public static bool Recognises(ReadOnlySpan<byte> start) => start.Length >= 8 && start[4..].StartsWith("TFL3"u8);

    public static TensorFile Read(Stream stream)
    {
        if (stream.Length > MaxBytes)
        {
            throw new InvalidDataException($"The TFLite model has {stream.Length} bytes; at most {MaxBytes} are read.");
        }

        var bytes = new byte[stream.Length];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        return new TensorFile(stream, new TfliteReader(bytes).Tensors(), new Dictionary<string, string>()) { Format = Format };
    }

    private List<TensorEntry> Tensors()
    {
        var model = Follow(0);
        var (buffers, bufferCount) = Vector(model, 4, sizeof(uint)) ?? throw Invalid(model, "lacks its buffers");
        var tensors = new List<TensorEntry>();
        foreach (var subgraph in Tables(model, 2))
        {
            var prefix = Text(subgraph, 4);
            foreach (var tensor in Tables(subgraph, 0))
            {
                var buffer = Field(tensor, 2) is > 0 and var at ? UInt32(at) : 0;
                if (buffer >= bufferCount)
                {
                    throw Invalid(tensor, $"has a tensor of buffer {buffer}, but there are {bufferCount}");
                }

                // Only constants have bytes; buffer 0 never has.
                if (buffer > 0 && Vector(Follow(buffers + ((int)buffer * sizeof(uint))), 0, 1) is ( > 0, > 0) and var (start, length))
                {
                    tensors.Add(tensors.Count < MaxTensors ? Entry(tensor, $"{prefix}.{Text(tensor, 3)}", start, length) : throw Invalid(
                        tensor, $"has more than {MaxTensors} constants"));
                }
            }
        }

        return tensors;
    }

    private TensorEntry Entry(int tensor, string name, int start, int length)
    {
        var (sizes, rank) = Vector(tensor, 0, sizeof(int)) ?? (0, 0);
        if (rank > TensorEntry.MaxRank)
        {
            throw Invalid(tensor, $"has a tensor of {rank} dimensions; at most {TensorEntry.MaxRank} are read");
        }

        var shape = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            shape[i] = BinaryPrimitives.ReadInt32LittleEndian(Slice(sizes + (i * sizeof(int)), sizeof(int)));
        }

        var type = Field(tensor, 1) is > 0 and var at ? Slice(at, 1)[0] : 0;
        var (element, typeName) = type switch
        {
            0 => (ElementType.Float32, "F32"),
            1 => (ElementType.Float16, "F16"),
            10 => (ElementType.Float64, "F64"),
            2 => (ElementType.Other, "I32"),
            3 => (ElementType.Other, "U8"),
            4 => (ElementType.Other, "I64"),
            9 => (ElementType.Other, "I8"),
            _ => (ElementType.Other, $"TFLite type {type}"),
        };
        var entry = new TensorEntry(name, element, typeName, shape, start);
        return TensorEntry.TryCount(shape) is { } count && (element == ElementType.Other || (Int128)count * entry.ElementSize == length)
            ? entry
            : throw entry.Invalid($"has sizes [{string.Join(", ", shape)}], but {length} bytes.");
    }

    /// <summary>The tables of a vector of them, in a field of a table.</summary>
    private IEnumerable<int> Tables(int table, int field)
    {
        var (start, count) = Vector(table, field, sizeof(uint)) ?? (0, 0);
        for (var i = 0; i < count; i++)
        {
            yield return Follow(start + (i * sizeof(uint)));
        }
    }

    private string Text(int table, int field)
    {
        var (start, length) = Vector(table, field, 1) ?? (0, 0);
        return Encoding.UTF8.GetString(Slice(start, Math.Min(length, 1 << 10)));
    }

    /// <summary>
    /// The first element and the number of elements of a vector in a field of a table, or null where the field is not there.
    /// </summary>
    private (int Start, int Count)? Vector(int table, int field, int elementSize)
    {
        if (Field(table, field) is not (> 0 and var at))
        {
            return null;
        }

        var start = Follow(at);
        var count = UInt32(start);
        return count <= (_bytes.Length - start - sizeof(uint)) / elementSize
            ? (start + sizeof(uint), (int)count)
            : throw Invalid(start, $"has a vector of {count} elements that leaves the file");
    }

    /// <summary>
    /// Where a field of a table lies, or 0 where the table lacks it: the table starts with the distance back to the list of its fields'
    /// places.
    /// </summary>
    private int Field(int table, int field)
    {
        var list = table - (long)BinaryPrimitives.ReadInt32LittleEndian(Slice(table, sizeof(int)));
        if (list < 0 || list > _bytes.Length)
        {
            throw Invalid(table, "has a table whose fields lie outside of the file");
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(Slice((int)list, sizeof(ushort)));
        var entry = 2 * sizeof(ushort) + (field * sizeof(ushort));
        var place = entry + sizeof(ushort) <= length ? BinaryPrimitives.ReadUInt16LittleEndian(Slice((int)list + entry, sizeof(ushort)))
            : 0;
        return place == 0 ? 0 : table + place;
    }

    /// <summary>Where the offset at a place leads; offsets lead forwards.</summary>
    private int Follow(int at)
    {
        var target = at + (long)UInt32(at);
        return target <= _bytes.Length - sizeof(uint) ? (int)target
            : throw Invalid(at, $"has an offset to byte {target} of {_bytes.Length}");
    }

    private uint UInt32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(at, sizeof(uint)));

    private ReadOnlySpan<byte> Slice(int at, int length)
        => at >= 0 && at <= _bytes.Length - length ? _bytes.AsSpan(at, length) : throw Invalid(at, "ends too early");

    private static InvalidDataException Invalid(int at, string reason) => new($"The TFLite model {reason}, at byte {at}.");
}
