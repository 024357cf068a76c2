using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Residuals in eight bits, and what that loses of them.</summary>
internal static unsafe class ResidualBytes<T>
    where T : struct, IFloatLanes<T>
{
    private const int Lanes = PanelLayout.PanelSize;

    /// <summary>
    /// Writes round(r / s) with s = max|r| / levels for each of <paramref name="paddedLength"/> values (a multiple of eight) of a residual,
    /// and returns s, the sum of the written values and the arguments of <see cref="ByteErrorBound.For"/>. The sum is exact in float32, as
    /// 127 · 60 000 is below 2²⁴.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static (float Scale, int Sum, float Peak, float SquaredNorm, float SquaredError) Quantize(
        float* residual, int paddedLength, int levels, sbyte* bytes)
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

        var largest = T.Abs(T.Load(last));
        for (var i = 0; i < whole; i += Lanes)
        {
            largest = T.Max(largest, T.Abs(T.Load(residual + i)));
        }

        var peak = T.MaxAcross(largest);
        var (scale, inverse) = (peak / levels, peak == 0 ? 0 : levels / peak);
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
}
