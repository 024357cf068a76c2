using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Residuals in eight bits, and what that loses of them.</summary>
internal static unsafe class ResidualBytes<TByte, T>
    where TByte : struct, IByteLanes<TByte>
    where T : struct, IFloatLanes<T>
{
    /// <summary>The values whose products are added in 16 bits: two neighbors, and those four dimensions further on.</summary>
    public const int Added = 4;

    /// <summary>
    /// The most that the positive ones, or the negative ones, of these add up to, once they are rounded: 255 · 128 is below 2¹⁵.
    /// </summary>
    public const int LargestSum = 128;

    private const int Lanes = PanelLayout.PanelSize;
    private const int MaxLevel = 127;

    /// <summary>
    /// Writes round(r / s) for each of <paramref name="paddedLength"/> values (a multiple of eight) of a residual, and returns s, the sum of
    /// the written values and the arguments of <see cref="ByteErrorBound.For"/>. s = max|r| / 127, or such that no sum in 16 bits is beyond
    /// <see cref="LargestSum"/>. The sum is exact in float32, as 127 · 60 000 is below 2²⁴.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static (float Scale, int Sum, float Peak, float SquaredNorm, float SquaredError) Quantize(
        float* residual, int paddedLength, sbyte* bytes)
    {
        // A row's last eight values, padded with eight zeros, where its length is no multiple of sixteen.
        var last = stackalloc float[Lanes];
        var lastBytes = stackalloc sbyte[Lanes];
        var whole = paddedLength / Lanes * Lanes;
        T.Store(T.Zero, last);
        if (whole < paddedLength)
        {
            Unsafe.CopyBlockUnaligned(last, residual + whole, Definition.Lanes * sizeof(float));
        }

        float peak, level;
        if (TByte.AddsIn16Bits)
        {
            (peak, level) = (MostAdded(residual, paddedLength), LargestSum - (Added / 2));
        }
        else
        {
            var largest = T.Abs(T.Load(last));
            for (var i = 0; i < whole; i += Lanes)
            {
                largest = T.Max(largest, T.Abs(T.Load(residual + i)));
            }

            (peak, level) = (T.MaxAcross(largest), MaxLevel);
        }

        var (scale, inverse) = (peak / level, peak == 0 ? 0 : level / peak);
        T norm = T.Zero, error = norm, sum = norm;
        for (var i = 0; i < whole; i += Lanes)
        {
            Quantize(residual + i, scale, inverse, bytes + i, ref norm, ref error, ref sum);
        }

        if (whole < paddedLength)
        {
            Quantize(last, scale, inverse, lastBytes, ref norm, ref error, ref sum);
            Unsafe.CopyBlockUnaligned(bytes + whole, lastBytes, Definition.Lanes);
        }

        return (scale, (int)T.SumAcross(sum), peak, T.SumAcross(norm), T.SumAcross(error));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quantize(float* values, float scale, float inverse, sbyte* bytes, ref T norm, ref T error, ref T sum)
    {
        var value = T.Load(values);
        var quantized = T.Round(T.Multiply(value, T.Create(inverse)));
        var lost = T.MultiplyAdd(quantized, T.Create(-scale), value);
        norm = T.MultiplyAdd(value, value, norm);
        error = T.MultiplyAdd(lost, lost, error);
        sum = T.Add(sum, quantized);
        T.Narrow(quantized, bytes);
    }

    /// <summary>
    /// The largest sum of the positive, or of the negative, values that are added in 16 bits: half of Σ|r| + |Σr|. BOUNDS.md, B2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float MostAdded(float* residual, int paddedLength)
    {
        var most = Vector128<float>.Zero;
        for (var i = 0; i < paddedLength; i += 2 * BytePanels.Dimensions)
        {
            var (first, second) = (Vector128.Load(residual + i), Vector128.Load(residual + i + BytePanels.Dimensions));
            var magnitudes = WithNeighbor(Vector128.Abs(first) + Vector128.Abs(second));
            most = Vector128.MaxNative(most, magnitudes + Vector128.Abs(WithNeighbor(first + second)));
        }

        return 0.5f * Math.Max(most[0], most[2]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> WithNeighbor(Vector128<float> values) => values + Vector128.Shuffle(values, Vector128.Create(1, 0, 3, 2));
}
