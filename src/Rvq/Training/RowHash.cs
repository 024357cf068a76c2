using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Rvq.Training;

/// <summary>
/// Random choices that depend on a row's values and a seed alone. Whichever process holds a row and in whatever order rows come, the
/// same rows are chosen.
/// </summary>
internal static class RowHash
{
    /// <summary>XXH3 of the values as little-endian bytes.</summary>
    public static ulong Of(ReadOnlySpan<float> row)
    {
        if (BitConverter.IsLittleEndian)
        {
            return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(row));
        }

        var bits = MemoryMarshal.Cast<float, uint>(row).ToArray();
        BinaryPrimitives.ReverseEndianness(bits, bits);
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(bits.AsSpan()));
    }

    /// <summary>The hashes of all rows.</summary>
    public static ulong[] OfAll(float[] rows, int width, int threads)
    {
        var hashes = new ulong[rows.Length / width];
        Threads.ForRows(hashes.Length, threads, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                hashes[row] = Of(rows.AsSpan(row * width, width));
            }
        });
        return hashes;
    }

    /// <summary>Another even number for the same row: splitmix64's finaliser over hash and salt.</summary>
    public static ulong Mix(ulong hash, ulong salt)
    {
        var mixed = hash ^ (salt * 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>Which of two rows comes first where their hashes are equal: by the values' bits.</summary>
    public static int Compare(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
        => MemoryMarshal.Cast<float, uint>(x).SequenceCompareTo(MemoryMarshal.Cast<float, uint>(y));
}
