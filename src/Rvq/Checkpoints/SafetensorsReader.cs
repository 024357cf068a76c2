using System.Buffers.Binary;
using System.Text.Json;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads safetensors: an 8-byte little-endian header length, a JSON header with name, type, shape and byte range of every tensor,
/// then the tensors' bytes. As the format's own reader does, it wants the tensors to cover the bytes without overlap or gap.
/// </summary>
internal static class SafetensorsReader
{
    private const int LengthBytes = 8;

    /// <summary>The longest header that the format's own reader takes.</summary>
    private const long MaxHeaderBytes = 100_000_000;

    /// <summary>True where a file may be one: its ninth byte opens the JSON header.</summary>
    public static bool Recognises(ReadOnlySpan<byte> start) => start.Length > LengthBytes && start[LengthBytes] == (byte)'{';

    public static TensorFile Read(Stream stream)
    {
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.Position = 0;
        stream.ReadExactly(lengthBytes);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        var available = stream.Length - LengthBytes;
        if (length > (ulong)available || length > MaxHeaderBytes)
        {
            throw new InvalidDataException(
                $"The safetensors header at byte {LengthBytes} claims {length} bytes, but {available} follow and at most {MaxHeaderBytes} "
                + "are read.");
        }

        var header = new byte[length];
        stream.ReadExactly(header);
        var tensors = new List<TensorEntry>();
        var ranges = new List<(long Begin, long End, TensorEntry Tensor)>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        ReadHeader(header, ranges, metadata);
        foreach (var range in ranges)
        {
            tensors.Add(range.Tensor);
        }

        var file = new TensorFile(stream, tensors, metadata);
        CheckRanges(ranges, LengthBytes + (long)length, available - (long)length);
        return file;
    }

    private static void ReadHeader(
        byte[] header, List<(long Begin, long End, TensorEntry Tensor)> ranges, Dictionary<string, string> metadata)
    {
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            Expect(ref json, JsonTokenType.StartObject);
            while (Next(ref json) != JsonTokenType.EndObject)
            {
                var name = json.GetString()!;
                if (name == "__metadata__")
                {
                    ReadMetadata(ref json, metadata);
                }
                else
                {
                    ranges.Add(ReadTensor(ref json, name, LengthBytes + header.Length));
                }
            }

            // Trailing padding is allowed, anything else is not; Read says so.
            json.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The safetensors header is broken at byte {LengthBytes + json.BytesConsumed}: {e.Message}", e);
        }
    }

    private static void ReadMetadata(ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        Expect(ref json, JsonTokenType.StartObject);
        while (Next(ref json) != JsonTokenType.EndObject)
        {
            var key = json.GetString()!;
            Expect(ref json, JsonTokenType.String);
            if (!metadata.TryAdd(key, json.GetString()!))
            {
                throw new JsonException($"Metadata {TensorEntry.Quote(key)} is there twice.");
            }
        }
    }

    private static (long Begin, long End, TensorEntry Tensor) ReadTensor(ref Utf8JsonReader json, string name, long dataStart)
    {
        string? type = null;
        long[]? shape = null;
        long[]? range = null;
        Expect(ref json, JsonTokenType.StartObject);
        while (Next(ref json) != JsonTokenType.EndObject)
        {
            if (json.ValueTextEquals("dtype"u8) && type is null)
            {
                Expect(ref json, JsonTokenType.String);
                type = json.GetString();
            }
            else if (json.ValueTextEquals("shape"u8) && shape is null)
            {
                shape = ReadNumbers(ref json, name);
            }
            else if (json.ValueTextEquals("data_offsets"u8) && range is null)
            {
                range = ReadNumbers(ref json, name);
            }
            else
            {
                throw new JsonException(
                    $"Tensor {TensorEntry.Quote(name)} has an unknown or repeated field {TensorEntry.Quote(json.GetString()!)}.");
            }
        }

        if (type is null || shape is null || range is not [>= 0, _] || range[1] < range[0] || TensorEntry.TryCount(shape) is not { } count)
        {
            throw new JsonException($"Tensor {TensorEntry.Quote(name)} lacks dtype, shape or data_offsets, or they are out of range.");
        }

        var (element, bits) = ElementOf(type);
        if (bits > 0 && range[1] - range[0] != (((Int128)count * bits) + 7) / 8)
        {
            throw new JsonException(
                $"Tensor {TensorEntry.Quote(name)} of {type} [{string.Join(", ", shape)}] has {range[1] - range[0]} bytes at {range[0]}.");
        }

        var offset = range[0] > long.MaxValue - dataStart ? long.MaxValue : dataStart + range[0];
        return (range[0], range[1], new TensorEntry(name, element, type, shape, offset));
    }

    private static long[] ReadNumbers(ref Utf8JsonReader json, string name)
    {
        var numbers = new List<long>();
        Expect(ref json, JsonTokenType.StartArray);
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            if (numbers.Count == TensorEntry.MaxRank || json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var number)
                || number < 0)
            {
                throw new JsonException(
                    $"Tensor {TensorEntry.Quote(name)} has a size or offset that is no number from 0 to {long.MaxValue}, or too many of "
                    + "them.");
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static void CheckRanges(List<(long Begin, long End, TensorEntry Tensor)> ranges, long dataStart, long dataLength)
    {
        ranges.Sort(static (a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        var end = 0L;
        foreach (var range in ranges)
        {
            if (range.Begin != end || range.End > dataLength)
            {
                throw new InvalidDataException(
                    $"Tensor {TensorEntry.Quote(range.Tensor.Name)} lies at data bytes [{range.Begin}, {range.End}), "
                    + $"but must start at {end} and end by {dataLength}.");
            }

            end = range.End;
        }

        if (end != dataLength)
        {
            throw new InvalidDataException($"The tensors end at byte {dataStart + end}, but the file at {dataStart + dataLength}.");
        }
    }

    // A size of 0 bits is one that this reader does not know and so cannot check.
    private static (ElementType Type, int Bits) ElementOf(string name) => name switch
    {
        "F32" => (ElementType.Float32, 32),
        "F16" => (ElementType.Float16, 16),
        "BF16" => (ElementType.BFloat16, 16),
        "F64" => (ElementType.Float64, 64),
        "I64" or "U64" or "C64" => (ElementType.Other, 64),
        "I32" or "U32" => (ElementType.Other, 32),
        "I16" or "U16" => (ElementType.Other, 16),
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => (ElementType.Other, 8),
        _ => (ElementType.Other, 0),
    };

    private static JsonTokenType Next(ref Utf8JsonReader json)
        => json.Read() ? json.TokenType : throw new JsonException("The header ends too early.");

    private static void Expect(ref Utf8JsonReader json, JsonTokenType type)
    {
        if (Next(ref json) != type)
        {
            throw new JsonException($"{type} is expected, but {json.TokenType} is there.");
        }
    }
}
