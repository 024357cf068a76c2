using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Rvq.Tool.Files;

/// <summary>
/// Reads .npy files of numbers. What a header claims is believed only as far as the bytes are there: memory grows with what has been
/// read, to at most about twice the file.
/// </summary>
internal static class NpyReader
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Reads float16, float32 or float64 values as float32.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or its length does not fit its header.</exception>
    public static NpyArray<float> ReadSingle(Stream stream) => Read(stream, SingleConverter);

    /// <summary>Reads integers of any width as int32.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, its length does not fit its header, or a value does not fit
    /// int32.</exception>
    public static NpyArray<int> ReadInt32(Stream stream) => Read(stream, Int32Converter);

    /// <summary>What makes float32 of a file's values.</summary>
    /// <exception cref="InvalidDataException">They are integers.</exception>
    public static NpyConverter<float> SingleConverter(NpyHeader header) => (header.Kind, header.ItemSize) switch
    {
        ('f', 2) => Convert<Half, float>,
        ('f', 4) => Convert<float, float>,
        ('f', 8) => Convert<double, float>,
        _ => throw new InvalidDataException(
            $"It holds integers ({header.Kind}{header.ItemSize}), where floating-point values are expected."),
    };

    /// <summary>What makes int32 of a file's values.</summary>
    /// <exception cref="InvalidDataException">They are floating-point values.</exception>
    public static NpyConverter<int> Int32Converter(NpyHeader header) => (header.Kind, header.ItemSize) switch
    {
        ('i', 1) => Convert<sbyte, int>,
        ('i', 2) => Convert<short, int>,
        ('i', 4) => Convert<int, int>,
        ('i', 8) => Convert<long, int>,
        ('u', 1) => Convert<byte, int>,
        ('u', 2) => Convert<ushort, int>,
        ('u', 4) => Convert<uint, int>,
        ('u', 8) => Convert<ulong, int>,
        _ => throw new InvalidDataException($"It holds floating-point values (f{header.ItemSize}), where integers are expected."),
    };

    /// <summary>Makes values of a file's bytes, which this reorders where they lie.</summary>
    public static void Convert<T>(Span<byte> bytes, NpyHeader header, NpyConverter<T> convert, Span<T> values)
    {
        if (header.BigEndian == BitConverter.IsLittleEndian)
        {
            ReverseItems(bytes, header.ItemSize);
        }

        convert(bytes, values);
    }

    /// <summary>Holds a file that can seek and stands at its first value to what its header claims.</summary>
    /// <exception cref="InvalidDataException">It is shorter or longer.</exception>
    public static void CheckLength(Stream stream, NpyHeader header)
    {
        var (left, needed) = (stream.Length - stream.Position, (long)header.Count * header.ItemSize);
        if (left != needed)
        {
            throw new InvalidDataException(
                $"It has {left} bytes of values, but its header claims {header.Count} values of {header.ItemSize} bytes.");
        }
    }

    private static NpyArray<T> Read<T>(Stream stream, Func<NpyHeader, NpyConverter<T>> converterFor)
    {
        var header = NpyHeader.Read(stream);
        var convert = converterFor(header);
        var count = header.Count;
        var values = new T[stream.CanSeek ? CheckedCount(stream, header) : Math.Min(count, BufferBytes)];
        var buffer = new byte[BufferBytes];
        for (var done = 0; done < count;)
        {
            var wanted = (int)Math.Min((long)(count - done) * header.ItemSize, BufferBytes);
            var read = stream.ReadAtLeast(buffer.AsSpan(0, wanted), wanted, throwOnEndOfStream: false);
            if (read < wanted)
            {
                throw new InvalidDataException(
                    $"It ends after {done + (read / header.ItemSize)} of the {count} values that its header claims.");
            }

            var items = wanted / header.ItemSize;
            if (done + items > values.Length)
            {
                Array.Resize(ref values, (int)Math.Min(count, Math.Max(2L * values.Length, done + items)));
            }

            Convert(buffer.AsSpan(0, wanted), header, convert, values.AsSpan(done, items));
            done += items;
        }

        return stream.ReadByte() < 0
            ? new NpyArray<T>(values.Length == count ? values : values[..count], header.Shape, header.FortranOrder)
            : throw new InvalidDataException($"It goes on after the {count} values that its header claims.");
    }

    private static int CheckedCount(Stream stream, NpyHeader header)
    {
        CheckLength(stream, header);
        return header.Count;
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<byte> bytes, Span<TTo> values)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        try
        {
            TensorPrimitives.ConvertChecked(MemoryMarshal.Cast<byte, TFrom>(bytes), values);
        }
        catch (OverflowException)
        {
            throw new InvalidDataException($"It holds an integer that does not fit {typeof(TTo).Name}.");
        }
    }

    /// <summary>Reverses the bytes of every item.</summary>
    public static void ReverseItems(Span<byte> bytes, int itemSize)
    {
        switch (itemSize)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
            default:
                break;
        }
    }
}
