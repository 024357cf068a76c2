using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Element by element work on padded rows of float32; the same bits at any width.</summary>
internal static unsafe class RowArithmetic
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
    [MethodImpl(InnerLoop.Options)]
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

    /// <summary>
    /// destination[f] = rows[0] + rows[1] + …, <paramref name="count"/> rows added in this order, all padded to a multiple of eight; the rows of the next
    /// frame begin <paramref name="step"/> further.
    /// </summary>
    public static void SumAll(float** rows, nint step, int frames, int count, float* destination, nint paddedLength)
    {
        if (FloatLanes512.IsSupported)
        {
            SumAll<FloatLanes512>(rows, step, frames, count, destination, paddedLength);
        }
        else if (FloatLanes256.IsSupported)
        {
            SumAll<FloatLanes256>(rows, step, frames, count, destination, paddedLength);
        }
        else
        {
            SumAll<FloatLanes128>(rows, step, frames, count, destination, paddedLength);
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void SumAll<T>(float** rows, nint step, int frames, int count, float* destination, nint paddedLength)
        where T : struct, IFloatLanes<T>
    {
        for (; frames > 0; frames--, rows += step, destination += paddedLength)
        {
            var end = rows + count;
            nint i = 0;
            for (; i + 64 <= paddedLength; i += 64)
            {
                var row = *rows + i;
                T a = T.Load(row), b = T.Load(row + 16), c = T.Load(row + 32), d = T.Load(row + 48);
                for (var next = rows + 1; next < end; next++)
                {
                    row = *next + i;
                    a = T.Add(a, T.Load(row));
                    b = T.Add(b, T.Load(row + 16));
                    c = T.Add(c, T.Load(row + 32));
                    d = T.Add(d, T.Load(row + 48));
                }

                T.Store(a, destination + i);
                T.Store(b, destination + i + 16);
                T.Store(c, destination + i + 32);
                T.Store(d, destination + i + 48);
            }

            for (; i + 16 <= paddedLength; i += 16)
            {
                var sum = T.Load(*rows + i);
                for (var next = rows + 1; next < end; next++)
                {
                    sum = T.Add(sum, T.Load(*next + i));
                }

                T.Store(sum, destination + i);
            }

            if (i < paddedLength && Vector256.IsHardwareAccelerated)
            {
                var sum = Vector256.Load(*rows + i);
                for (var next = rows + 1; next < end; next++)
                {
                    sum += Vector256.Load(*next + i);
                }

                sum.Store(destination + i);
            }
            else if (i < paddedLength)
            {
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

    /// <summary>Makes every NaN the same one: which it is, differs between machines.</summary>
    public static void UnifyNaNs(float* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            values[i] = float.IsNaN(values[i]) ? float.NaN : values[i];
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
