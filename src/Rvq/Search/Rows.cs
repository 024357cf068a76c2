using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Element by element work on padded rows of float32; the same bits at any width.</summary>
internal static unsafe class Rows
{
    /// <summary>destination = left − right; the destination may be one of them. All have <paramref name="paddedLength"/> values, a multiple of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Difference(float* left, float* right, float* destination, int paddedLength)
    {
        nint i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 16 <= paddedLength; i += 16)
        {
            (Vector512.Load(left + i) - Vector512.Load(right + i)).Store(destination + i);
        }

        for (; i < paddedLength; i += Definition.Lanes)
        {
            if (Vector256.IsHardwareAccelerated)
            {
                (Vector256.Load(left + i) - Vector256.Load(right + i)).Store(destination + i);
            }
            else
            {
                (Vector128.Load(left + i) - Vector128.Load(right + i)).Store(destination + i);
                (Vector128.Load(left + i + 4) - Vector128.Load(right + i + 4)).Store(destination + i + 4);
            }
        }
    }

    /// <summary>destination = left + right, likewise.</summary>
    public static void Sum(float* left, float* right, float* destination, int paddedLength)
    {
        for (var i = 0; i < paddedLength; i += Definition.Lanes)
        {
            if (Vector256.IsHardwareAccelerated)
            {
                (Vector256.Load(left + i) + Vector256.Load(right + i)).Store(destination + i);
            }
            else
            {
                (Vector128.Load(left + i) + Vector128.Load(right + i)).Store(destination + i);
                (Vector128.Load(left + i + 4) + Vector128.Load(right + i + 4)).Store(destination + i + 4);
            }
        }
    }

    /// <summary>destination = rows[0] + rows[1] + …, added in this order; all padded to a multiple of eight.</summary>
    [MethodImpl(Jit.Kernel)]
    public static void SumAll(float** rows, int count, float* destination, int paddedLength)
    {
        nint i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 64 <= paddedLength; i += 64)
        {
            var row = *rows + i;
            Vector512<float> a = Vector512.Load(row), b = Vector512.Load(row + 16), c = Vector512.Load(row + 32), d = Vector512.Load(row + 48);
            for (var n = 1; n < count; n++)
            {
                row = rows[n] + i;
                a += Vector512.Load(row);
                b += Vector512.Load(row + 16);
                c += Vector512.Load(row + 32);
                d += Vector512.Load(row + 48);
            }

            a.Store(destination + i);
            b.Store(destination + i + 16);
            c.Store(destination + i + 32);
            d.Store(destination + i + 48);
        }

        for (; Vector256.IsHardwareAccelerated && i + 32 <= paddedLength; i += 32)
        {
            var row = *rows + i;
            Vector256<float> a = Vector256.Load(row), b = Vector256.Load(row + 8), c = Vector256.Load(row + 16), d = Vector256.Load(row + 24);
            for (var n = 1; n < count; n++)
            {
                row = rows[n] + i;
                a += Vector256.Load(row);
                b += Vector256.Load(row + 8);
                c += Vector256.Load(row + 16);
                d += Vector256.Load(row + 24);
            }

            a.Store(destination + i);
            b.Store(destination + i + 8);
            c.Store(destination + i + 16);
            d.Store(destination + i + 24);
        }

        for (; i < paddedLength; i += Vector128<float>.Count)
        {
            var sum = Vector128.Load(*rows + i);
            for (var n = 1; n < count; n++)
            {
                sum += Vector128.Load(rows[n] + i);
            }

            sum.Store(destination + i);
        }
    }

    /// <summary>‖row‖² in float32, eight or more sums side by side; infinite where it overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SquaredNorm(float* row, int paddedLength)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> even = Vector256<float>.Zero, odd = even;
            var i = 0;
            for (; i + 16 <= paddedLength; i += 16)
            {
                var value = Vector256.Load(row + i);
                even = Vector256.MultiplyAddEstimate(value, value, even);
                value = Vector256.Load(row + i + 8);
                odd = Vector256.MultiplyAddEstimate(value, value, odd);
            }

            if (i < paddedLength)
            {
                var value = Vector256.Load(row + i);
                even = Vector256.MultiplyAddEstimate(value, value, even);
            }

            return Vector256.Sum(even + odd);
        }

        Vector128<float> low = Vector128<float>.Zero, high = low;
        for (var i = 0; i < paddedLength; i += Definition.Lanes)
        {
            var value = Vector128.Load(row + i);
            low = Vector128.MultiplyAddEstimate(value, value, low);
            value = Vector128.Load(row + i + 4);
            high = Vector128.MultiplyAddEstimate(value, value, high);
        }

        return Vector128.Sum(low + high);
    }
}
