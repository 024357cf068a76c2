using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Elementwise sums and differences of padded rows in float32; the same bits at any width.</summary>
internal abstract unsafe class RowArithmetic
{
    /// <summary>Subtracts from each residual the row of its code.</summary>
    /// <param name="rows">[codes, <paramref name="paddedLength"/>].</param>
    /// <param name="codes">The code of residual f is at codes[f × <paramref name="codeStride"/>].</param>
    /// <param name="codeStride">The distance between two codes.</param>
    /// <param name="residuals">[count, <paramref name="paddedLength"/>].</param>
    /// <param name="count">The number of residuals.</param>
    /// <param name="paddedLength">The length of a row, a multiple of eight.</param>
    public abstract void Subtract(float* rows, int* codes, nint codeStride, float* residuals, int count, int paddedLength);

    /// <summary>
    /// destination = left + right; the destination may be one of them. All have <paramref name="paddedLength"/> values, a multiple of
    /// eight.
    /// </summary>
    public abstract void Add(float* left, float* right, float* destination, int paddedLength);

    /// <summary>
    /// destination[f] = rows[f × step] + rows[f × step + 1] + …, <paramref name="count"/> rows added in this order, all padded to a
    /// multiple of eight.
    /// </summary>
    public abstract void SumAll(float** rows, nint step, int frames, int count, float* destination, nint paddedLength);

    /// <summary>Makes every NaN the same NaN: its bits differ between machines.</summary>
    public static void UnifyNaNs(float* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            values[i] = float.IsNaN(values[i]) ? float.NaN : values[i];
        }
    }

    /// <summary>
    /// ‖row‖² in float32 for bounds, eight or more sums side by side; infinite where it overflows. Not the same bits at any width.
    /// </summary>
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
