using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvq.Streams;

/// <summary>Checks of the caller's buffers.</summary>
internal static class Buffers
{
    /// <summary>Refuses a source and a destination that share memory; <paramref name="name"/> is the destination's.</summary>
    public static void ThrowIfOverlapping<TFirst, TSecond>(ReadOnlySpan<TFirst> first, ReadOnlySpan<TSecond> second, string name)
        where TFirst : unmanaged
        where TSecond : unmanaged
    {
        // By addresses, since the bytes of 2^31 codes are more than MemoryMarshal.AsBytes can hold in a span.
        var distance = (long)Unsafe.ByteOffset(
            in Unsafe.As<TFirst, byte>(ref MemoryMarshal.GetReference(first)), in Unsafe.As<TSecond, byte>(ref MemoryMarshal.GetReference(second)));
        var overlap = distance >= 0
            ? distance < (long)first.Length * Unsafe.SizeOf<TFirst>()
            : -distance < (long)second.Length * Unsafe.SizeOf<TSecond>();
        if (overlap && !first.IsEmpty && !second.IsEmpty)
        {
            throw new ArgumentException("The source and the destination share memory.", name);
        }
    }

    /// <summary>The rows of a row-major buffer, refused where the last is not whole.</summary>
    public static int RowCount<T>(ReadOnlySpan<T> values, int rowLength, string name, string row)
        => values.Length % rowLength == 0
            ? values.Length / rowLength
            : throw new ArgumentException($"{name} has length {values.Length}, which is not a multiple of the {rowLength} codes of a {row}.", name);

    /// <summary>Refuses a buffer of another length.</summary>
    public static void ThrowIfNotLength<T>(ReadOnlySpan<T> values, long length, string name, string what)
    {
        if (values.Length != length)
        {
            throw new ArgumentException($"{name} has length {values.Length}, but {what} need {length}.", name);
        }
    }

    /// <summary>Refuses a buffer of a type that cannot hold a value.</summary>
    public static void ThrowIfTooSmall<T>(int value, string name)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (int.CreateSaturating(T.CreateSaturating(value)) != value)
        {
            throw new ArgumentException($"{name} is of {typeof(T).Name}, which cannot hold {value}.", name);
        }
    }
}
