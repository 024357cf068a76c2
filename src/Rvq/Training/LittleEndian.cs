using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvq.Training;

/// <summary>Arrays of numbers as little-endian bytes, on every machine.</summary>
internal static class LittleEndian
{
    /// <summary>The values' bytes; on a little-endian machine their own memory.</summary>
    public static ReadOnlySpan<byte> Bytes<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        return BitConverter.IsLittleEndian ? bytes : Swapped(bytes, Unsafe.SizeOf<T>());
    }

    public static void Write<T>(Stream stream, ReadOnlySpan<T> values)
        where T : unmanaged => stream.Write(Bytes(values));

    /// <exception cref="EndOfStreamException">The stream ends before.</exception>
    public static void Read<T>(Stream stream, Span<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        stream.ReadExactly(bytes);
        if (!BitConverter.IsLittleEndian)
        {
            Swapped(bytes, Unsafe.SizeOf<T>()).CopyTo(bytes);
        }
    }

    public static T ReadOne<T>(Stream stream)
        where T : unmanaged
    {
        var value = default(T);
        Read(stream, new Span<T>(ref value));
        return value;
    }

    /// <summary>A copy in which the bytes of every value are in reverse order.</summary>
    internal static byte[] Swapped(ReadOnlySpan<byte> bytes, int size)
    {
        var swapped = bytes.ToArray();
        for (var start = 0; start < swapped.Length; start += size)
        {
            swapped.AsSpan(start, size).Reverse();
        }

        return swapped;
    }
}
