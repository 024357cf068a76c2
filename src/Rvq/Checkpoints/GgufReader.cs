using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads GGUF (versions 2 and 3): counts, then keys and values, then each tensor's name, sizes (the innermost first), type and offset, and
/// behind them, aligned, the elements. Quantized tensors are listed and not read.
/// </summary>
internal static class GgufReader
{
    private const int MaxTensors = 1 << 16;
    private const int MaxKeys = 1 << 16;
    private const int MaxTextBytes = 1 << 20;
    private const int MaxRank = 4;
    private const int MaxNesting = 4;

    private static readonly Dictionary<uint, (ElementType Type, string Name, int Size)> Types = new()
    {
        [0] = (ElementType.Float32, "F32", 4),
        [1] = (ElementType.Float16, "F16", 2),
        [30] = (ElementType.BFloat16, "BF16", 2),
        [28] = (ElementType.Float64, "F64", 8),
        [24] = (ElementType.Other, "I8", 1),
        [25] = (ElementType.Other, "I16", 2),
        [26] = (ElementType.Other, "I32", 4),
        [27] = (ElementType.Other, "I64", 8),
        [2] = (ElementType.Other, "Q4_0", 0),
        [3] = (ElementType.Other, "Q4_1", 0),
        [6] = (ElementType.Other, "Q5_0", 0),
        [7] = (ElementType.Other, "Q5_1", 0),
        [8] = (ElementType.Other, "Q8_0", 0),
        [9] = (ElementType.Other, "Q8_1", 0),
        [10] = (ElementType.Other, "Q2_K", 0),
        [11] = (ElementType.Other, "Q3_K", 0),
        [12] = (ElementType.Other, "Q4_K", 0),
        [13] = (ElementType.Other, "Q5_K", 0),
        [14] = (ElementType.Other, "Q6_K", 0),
        [15] = (ElementType.Other, "Q8_K", 0),
    };

    public static bool Recognises(ReadOnlySpan<byte> start) => start.StartsWith("GGUF"u8);

    public static TensorFile Read(Stream stream)
    {
        var cursor = new StreamCursor(stream, "GGUF file");
        cursor.Skip(4, "magic");
        var version = cursor.UInt32("version");
        if (version is not (2 or 3))
        {
            throw cursor.Invalid($"has version {version}, or is big-endian; versions 2 and 3 are read");
        }

        var (tensorCount, keyCount) = (cursor.Int64("tensor count"), cursor.Int64("key count"));
        if (tensorCount is < 0 or > MaxTensors || keyCount is < 0 or > MaxKeys)
        {
            throw cursor.Invalid($"claims {tensorCount} tensors and {keyCount} keys; at most {MaxTensors} and {MaxKeys} are read");
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0L; i < keyCount; i++)
        {
            var key = Text(cursor, "key");
            if (Value(cursor, cursor.UInt32("value type"), MaxNesting) is { } value)
            {
                metadata[key] = value;
            }
        }

        if (metadata.TryGetValue("split.count", out var splits) && splits is not ("0" or "1"))
        {
            throw new InvalidDataException(
                $"The GGUF file is one of {splits} parts of a model, which are not joined; llama-gguf-split --merge joins them.");
        }

        return new TensorFile(stream, Tensors(cursor, tensorCount, metadata), metadata) { Format = "GGUF" };
    }

    private static List<TensorEntry> Tensors(StreamCursor cursor, long count, Dictionary<string, string> metadata)
    {
        var tensors = new List<TensorEntry>();
        for (var i = 0L; i < count; i++)
        {
            var name = Text(cursor, "tensor name");
            var rank = cursor.UInt32("number of dimensions");
            if (rank > MaxRank)
            {
                throw cursor.Invalid($"has a tensor {TensorEntry.Quote(name)} of {rank} dimensions; at most {MaxRank} are read");
            }

            var shape = new long[rank];
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                shape[axis] = cursor.Int64("dimension");
            }

            var type = cursor.UInt32("element type");
            var element = Types.GetValueOrDefault(type, (ElementType.Other, $"quantized type {type}", 0));
            tensors.Add(new TensorEntry(name, element.Item1, element.Item2, shape, cursor.Int64("offset")));
        }

        var alignment = metadata.TryGetValue("general.alignment", out var text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            && given is > 0 and <= 1 << 20 ? given : 32;
        var start = (cursor.Position + alignment - 1) / alignment * alignment;
        return tensors.ConvertAll(tensor => Placed(tensor, start, cursor.End));
    }

    private static TensorEntry Placed(TensorEntry tensor, long start, long end)
    {
        var placed = tensor with { Offset = tensor.Offset >= 0 && tensor.Offset <= end - start ? start + tensor.Offset : -1 };
        return placed.Offset >= 0 && TensorEntry.TryCount(tensor.Shape) is { } count
            && (Int128)count * tensor.ElementSize <= end - placed.Offset
            ? placed
            : throw tensor.Invalid($"of the GGUF data at byte {start} has sizes [{string.Join(", ", tensor.Shape)}], which do not fit the "
                + $"file of {end} bytes.");
    }

    private static string Text(StreamCursor cursor, string what) => cursor.Text(cursor.Int64(what), MaxTextBytes, what);

    /// <summary>
    /// Reads a value; a text, an integer or a short list of integers is returned as metadata is kept, anything else as null.
    /// </summary>
    private static string? Value(StreamCursor cursor, uint type, int nesting)
    {
        switch (type)
        {
            case 0 or 7: // uint8, bool
                return cursor.Byte("value").ToString(CultureInfo.InvariantCulture);
            case 1:
                return ((sbyte)cursor.Byte("value")).ToString(CultureInfo.InvariantCulture);
            case 2 or 3:
                var low = cursor.Byte("value");
                var both = (ushort)(low | (cursor.Byte("value") << 8));
                return (type == 2 ? both : (int)(short)both).ToString(CultureInfo.InvariantCulture);
            case 4:
                return cursor.UInt32("value").ToString(CultureInfo.InvariantCulture);
            case 5:
                return cursor.Int32("value").ToString(CultureInfo.InvariantCulture);
            case 6:
                cursor.Skip(sizeof(float), "value");
                return null;
            case 8:
                return Text(cursor, "value");
            case 10 or 11:
                return cursor.Int64("value").ToString(CultureInfo.InvariantCulture);
            case 12:
                cursor.Skip(sizeof(double), "value");
                return null;
            case 9 when nesting > 0:
                return Values(cursor, nesting - 1);
            default:
                throw cursor.Invalid($"has a value of type {type}, which is not known");
        }
    }

    private static string? Values(StreamCursor cursor, int nesting)
    {
        var (type, count) = (cursor.UInt32("element type of a list"), cursor.Int64("length of a list"));
        if (count < 0 || count > cursor.Remaining)
        {
            throw cursor.Invalid($"has a list of {count} values where {cursor.Remaining} bytes are left");
        }

        var kept = new List<string>();
        for (var i = 0L; i < count; i++)
        {
            if (Value(cursor, type, nesting) is { } value && type != 8 && count <= TensorEntry.MaxRank)
            {
                kept.Add(value);
            }
        }

        return kept.Count > 0 ? string.Join(',', kept) : null;
    }
}
