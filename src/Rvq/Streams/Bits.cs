using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvq.Streams;

/// <summary>The loops of <see cref="CodePacking"/>; arguments are checked by the callers.</summary>
internal static class Bits
{
    /// <summary>Writes codes one after the other.</summary>
    public static void Pack<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<int> widths, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var writer = new BitWriter(bytes);
        if (AreEqual(widths))
        {
            var width = widths[0];
            foreach (var code in codes)
            {
                writer.Write(ulong.CreateTruncating(code), width);
            }
        }
        else
        {
            for (var (i, n) = (0, 0); i < codes.Length; i++)
            {
                writer.Write(ulong.CreateTruncating(codes[i]), widths[n]);
                n = n + 1 == widths.Length ? 0 : n + 1;
            }
        }

        writer.Finish();
    }

    /// <summary>Writes some columns of row-major codes, all of one width.</summary>
    public static void PackColumns<TCode>(
        ReadOnlySpan<TCode> codes, int rowLength, int column, int columnCount, int width, Span<byte> bytes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var writer = new BitWriter(bytes);
        for (var row = column; row < codes.Length; row += rowLength)
        {
            foreach (var code in codes.Slice(row, columnCount))
            {
                writer.Write(ulong.CreateTruncating(code), width);
            }
        }

        writer.Finish();
    }

    /// <summary>Reads some columns of row-major codes, all of one width.</summary>
    public static void UnpackColumns<TCode>(
        ReadOnlySpan<byte> bytes, int width, Span<TCode> codes, int rowLength, int column, int columnCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var bit = 0L;
        for (var row = column; row < codes.Length; row += rowLength)
        {
            for (var i = row; i < row + columnCount; i++, bit += width)
            {
                codes[i] = TCode.CreateTruncating(Read(bytes, bit, width));
            }
        }
    }

    /// <summary>Reads each code from the eight bytes around it, which hold it whole: 7 + 32 bits at most.</summary>
    public static void Unpack<TCode>(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> widths, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var bit = 0L;
        if (AreEqual(widths))
        {
            var width = widths[0];
            var mask = (1UL << width) - 1;
            var i = 0;
            for (; i < codes.Length && (bit >> 3) + 8 <= bytes.Length; i++, bit += width)
            {
                codes[i] = TCode.CreateTruncating(
                    (BinaryPrimitives.ReadUInt64LittleEndian(bytes[(int)(bit >> 3)..]) >> (int)(bit & 7)) & mask);
            }

            for (; i < codes.Length; i++, bit += width)
            {
                codes[i] = TCode.CreateTruncating(Read(bytes, bit, width));
            }
        }
        else
        {
            for (var (i, n) = (0, 0); i < codes.Length; i++)
            {
                codes[i] = TCode.CreateTruncating(Read(bytes, bit, widths[n]));
                bit += widths[n];
                n = n + 1 == widths.Length ? 0 : n + 1;
            }
        }
    }

    /// <summary>The index of the first packed code above a bound, or -1.</summary>
    public static int FirstAbove(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> widths, int codeCount, ulong bound)
    {
        var bit = 0L;
        for (var (i, n) = (0, 0); i < codeCount; i++)
        {
            if (Read(bytes, bit, widths[n]) > bound)
            {
                return i;
            }

            bit += widths[n];
            n = n + 1 == widths.Length ? 0 : n + 1;
        }

        return -1;
    }

    /// <summary>Whether all codes have the same width, so that the faster loops serve.</summary>
    public static bool AreEqual(ReadOnlySpan<int> widths) => !widths.ContainsAnyExcept(widths[0]);

    /// <summary>All bits that are set in any of the codes.</summary>
    public static TCode Or<TCode>(ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var all = TCode.Zero;
        if (Vector<TCode>.IsSupported)
        {
            var vectors = MemoryMarshal.Cast<TCode, Vector<TCode>>(codes);
            var or = Vector<TCode>.Zero;
            foreach (var vector in vectors)
            {
                or |= vector;
            }

            for (var lane = 0; lane < Vector<TCode>.Count; lane++)
            {
                all |= or[lane];
            }

            codes = codes[(vectors.Length * Vector<TCode>.Count)..];
        }

        foreach (var code in codes)
        {
            all |= code;
        }

        return all;
    }

    /// <summary>Whether a code is in [0, 2^width).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Fits<TCode>(TCode code, int width)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => !TCode.IsNegative(code) && ulong.CreateSaturating(code) >> width == 0;

    /// <summary>The bits of an integer type.</summary>
    public static int SizeOf<TCode>()
        where TCode : unmanaged
        => 8 * Unsafe.SizeOf<TCode>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read(ReadOnlySpan<byte> bytes, long bit, int width)
    {
        var from = (int)(bit >> 3);
        ulong word;
        if (from + 8 <= bytes.Length)
        {
            word = BinaryPrimitives.ReadUInt64LittleEndian(bytes[from..]);
        }
        else
        {
            word = 0;
            for (var i = bytes.Length - 1; i >= from; i--)
            {
                word = (word << 8) | bytes[i];
            }
        }

        return (word >> (int)(bit & 7)) & ((1UL << width) - 1);
    }
}
