using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rvq.Search;

/// <summary>Residuals in eight bits, and what that loses of them.</summary>
internal static unsafe class ResidualBytes
{
    /// <summary>
    /// Writes round(r / s) + levels + 1 with s = max|r| / levels for each of <paramref name="paddedLength"/> values (a multiple of
    /// eight) of a residual, and returns s and what <see cref="ByteErrorBound"/> asks for.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    public static (float Scale, float Peak, float SquaredNorm, float SquaredError) Quantize(float* residual, int paddedLength, int levels, byte* bytes)
    {
        var peaks = Vector256<float>.Zero;
        for (var i = 0; i < paddedLength; i += Vector256<float>.Count)
        {
            peaks = Vector256.Max(peaks, Vector256.Abs(Vector256.Load(residual + i)));
        }

        var peak = FloatLanes256.MaxAcross(peaks);
        var scale = peak / levels;
        var inverse = Vector256.Create(peak == 0 ? 0 : levels / peak);
        var step = Vector256.Create(scale);
        var offset = Vector256.Create(levels + 1);
        var (norm, error) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < paddedLength; i += Vector256<float>.Count)
        {
            var value = Vector256.Load(residual + i);
            var quantized = Avx.ConvertToVector256Int32(value * inverse);
            var difference = value - (Vector256.ConvertToSingle(quantized) * step);
            norm = Vector256.MultiplyAddEstimate(value, value, norm);
            error = Vector256.MultiplyAddEstimate(difference, difference, error);
            *(ulong*)(bytes + i) = ToBytes(quantized + offset);
        }

        return (scale, peak, Vector256.Sum(norm), Vector256.Sum(error));
    }

    private static ulong ToBytes(Vector256<int> values)
        => Avx512F.VL.IsSupported
            ? Avx512F.VL.ConvertToVector128Byte(values).AsUInt64().ToScalar()
            : Vector128.Narrow(Vector128.Narrow(values.GetLower(), values.GetUpper()).AsUInt16(), Vector128<ushort>.Zero).AsUInt64().ToScalar();
}
