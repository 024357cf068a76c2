using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>Residuals in eight bits, and what that loses of them.</summary>
internal static unsafe class ResidualBytes
{
    /// <summary>
    /// Writes round(r / s) with s = max|r| / levels for each of <paramref name="paddedLength"/> values (a multiple of eight) of a residual, and
    /// returns s, the sum of what was written and what <see cref="ByteErrorBound"/> asks for.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static (float Scale, int Sum, float Peak, float SquaredNorm, float SquaredError) Quantize(
        float* residual, int paddedLength, int levels, sbyte* bytes)
    {
        var peak = Peak(residual, paddedLength);
        var (scale, inverse) = (peak / levels, peak == 0 ? 0 : levels / peak);
        var (norm, error, sum) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<int>.Zero);
        var i = 0;
        if (Vector512.IsHardwareAccelerated && paddedLength >= 16)
        {
            var (norms, errors, sums) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<int>.Zero);
            for (; i + 16 <= paddedLength; i += 16)
            {
                var value = Vector512.Load(residual + i);
                var quantized = Avx512F.ConvertToVector512Int32(value * Vector512.Create(inverse));
                var difference = value - (Vector512.ConvertToSingle(quantized) * Vector512.Create(scale));
                norms = Vector512.MultiplyAddEstimate(value, value, norms);
                errors = Vector512.MultiplyAddEstimate(difference, difference, errors);
                sums += quantized;
                Avx512F.ConvertToVector128SByte(quantized).Store(bytes + i);
            }

            norm = norms.GetLower() + norms.GetUpper();
            error = errors.GetLower() + errors.GetUpper();
            sum = sums.GetLower() + sums.GetUpper();
        }

        for (; i < paddedLength; i += Vector256<float>.Count)
        {
            var value = Vector256.Load(residual + i);
            var quantized = Avx.ConvertToVector256Int32(value * Vector256.Create(inverse));
            var difference = value - (Vector256.ConvertToSingle(quantized) * Vector256.Create(scale));
            norm = Vector256.MultiplyAddEstimate(value, value, norm);
            error = Vector256.MultiplyAddEstimate(difference, difference, error);
            sum += quantized;
            *(ulong*)(bytes + i) = ToBytes(quantized);
        }

        return (scale, Vector256.Sum(sum), peak, Vector256.Sum(norm), Vector256.Sum(error));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Peak(float* residual, int paddedLength)
    {
        Vector256<float> even = Vector256<float>.Zero, odd = even;
        var i = 0;
        for (; i + 16 <= paddedLength; i += 16)
        {
            even = Vector256.MaxNative(even, Vector256.Abs(Vector256.Load(residual + i)));
            odd = Vector256.MaxNative(odd, Vector256.Abs(Vector256.Load(residual + i + 8)));
        }

        if (i < paddedLength)
        {
            even = Vector256.MaxNative(even, Vector256.Abs(Vector256.Load(residual + i)));
        }

        return FloatLanes256.MaxAcross(Vector256.MaxNative(even, odd));
    }

    private static ulong ToBytes(Vector256<int> values)
        => Avx512F.VL.IsSupported
            ? Avx512F.VL.ConvertToVector128SByte(values).AsUInt64().ToScalar()
            : Vector128.Narrow(Vector128.Narrow(values.GetLower(), values.GetUpper()), Vector128<short>.Zero).AsUInt64().ToScalar();
}
