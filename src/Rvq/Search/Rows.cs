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
        for (var i = 0; i < paddedLength; i += Definition.Lanes)
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
