using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyEight(float* source, float* destination)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256.Load(source).Store(destination);
        }
        else
        {
            Vector128.Load(source).Store(destination);
            Vector128.Load(source + 4).Store(destination + 4);
        }
    }

    /// <summary>The values in binary64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(float* source, int paddedLength, double* destination)
    {
        for (var i = 0; i < paddedLength; i += Vector128<float>.Count)
        {
            if (Avx.IsSupported)
            {
                Avx.ConvertToVector256Double(Vector128.Load(source + i)).Store(destination + i);
            }
            else
            {
                var (low, high) = Vector128.Widen(Vector128.Load(source + i));
                low.Store(destination + i);
                high.Store(destination + i + 2);
            }
        }
    }

    /// <summary>
    /// destination[f] = rows[0] + rows[1] + …, <paramref name="count"/> rows added in this order, all padded to a multiple of eight; the rows of the next
    /// frame begin <paramref name="step"/> further.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    public static void SumAll(float** rows, nint step, int frames, int count, float* destination, nint paddedLength)
    {
        for (; frames > 0; frames--, rows += step, destination += paddedLength)
        {
            var end = rows + count;
            nint i = 0;
            for (; Vector512.IsHardwareAccelerated && i + 64 <= paddedLength; i += 64)
            {
                var row = *rows + i;
                Vector512<float> a = Vector512.Load(row), b = Vector512.Load(row + 16), c = Vector512.Load(row + 32), d = Vector512.Load(row + 48);
                for (var next = rows + 1; next < end; next++)
                {
                    row = *next + i;
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
                for (var next = rows + 1; next < end; next++)
                {
                    row = *next + i;
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

            for (; i < paddedLength; i += Definition.Lanes)
            {
                if (Vector256.IsHardwareAccelerated)
                {
                    var sum = Vector256.Load(*rows + i);
                    for (var next = rows + 1; next < end; next++)
                    {
                        sum += Vector256.Load(*next + i);
                    }

                    sum.Store(destination + i);
                    continue;
                }

                Vector128<float> low = Vector128.Load(*rows + i), high = Vector128.Load(*rows + i + 4);
                for (var next = rows + 1; next < end; next++)
                {
                    low += Vector128.Load(*next + i);
                    high += Vector128.Load(*next + i + 4);
                }

                low.Store(destination + i);
                high.Store(destination + i + 4);
            }
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
