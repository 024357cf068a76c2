using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// ⟨c_j, c_k − μ⟩ for all codewords c_j of one stage and c_k of a later one, in eight bits: subtracting c_j from a residual adds this to
/// its score with c_k. Row j holds q_jk, and t_j q_jk is within δ_j of the product for all k. BOUNDS.md, B6.
/// </summary>
internal sealed unsafe class CodewordProducts
{
    private const int MaxLevel = 127;
    private const int RowsAtOnce = 16;

    // Products of two norms up to this, and sums of a few, are below 10³⁷.
    private const double MaxNorm = 1e18;

    // 2⁻¹⁰⁰, above what rounding a subnormal μ to float32 adds to its norm.
    private const double Padding = 1.0 / (1L << 50) / (1L << 50);

    // Of max‖c_j‖ (max‖c_k‖ + 2⁻¹⁰⁰): how much extending by c_j raises the bound of scores. BOUNDS.md, B6.
    private const double GrowthFactor = 2.3;

    // Rows of products below this are stored as zeros, so that no scale is subnormal.
    private static readonly double MinPeak = Math.ScaleB(1, -90);

    private readonly AlignedBuffer<sbyte> _rows;
    private readonly AlignedBuffer<(float Scale, float Error)> _scales;
    private readonly int _length;

    public CodewordProducts(SearchTable earlier, SearchTable later)
    {
        var panels = later.FloatPanels;
        _length = panels.PanelCount * PanelLayout.PanelSize;
        RowBytes = (_length + CacheLines.Bytes - 1) / CacheLines.Bytes * CacheLines.Bytes;
        _rows = new AlignedBuffer<sbyte>((long)earlier.Size * RowBytes);
        _scales = new AlignedBuffer<(float, float)>(earlier.Size);
        Growth = GrowthFactor * earlier.LargestNorm * Padded(later.LargestNorm);
        var scores = new AlignedBuffer<float>(RowsAtOnce * _length);
        var minima = new AlignedBuffer<float>(RowsAtOnce * PanelLayout.GroupCount(panels.PanelCount) * PanelLayout.PanelSize);
        for (var first = 0; first < earlier.Size; first += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, earlier.Size - first);
            Score(panels, earlier.Row(first), later, count, scores.Pointer, minima.Pointer);
            for (var i = 0; i < count; i++)
            {
                // Half the margin bounds the error of the score ½‖c − μ‖² − product; the other half covers the rounding of ½‖c − μ‖².
                var margin = panels.Bound.Margin(RowArithmetic.SquaredNorm(earlier.Row(first + i), earlier.Stride));
                Quantize(first + i, panels.HalfNorms, scores.Pointer + (i * _length), margin);
            }
        }

        GC.KeepAlive(scores);
        GC.KeepAlive(minima);
    }

    /// <summary>How much extending a partial stack by any c_j raises the bound X of its scores.</summary>
    public double Growth { get; }

    /// <summary>The distance between the rows of two codewords, in bytes.</summary>
    public int RowBytes { get; }

    /// <summary>Whether B6 holds for these codebooks: nothing overflows.</summary>
    public static bool Cover(SearchTable earlier, SearchTable later) => earlier.LargestNorm <= MaxNorm && later.LargestNorm <= MaxNorm;

    /// <summary>c₀: a bound of ‖c‖, raised so that 2.01 c₀ bounds ‖c − μ‖ even where μ is subnormal.</summary>
    public static double Padded(double norm) => norm + Padding;

    /// <summary>t_j.</summary>
    public float Scale(int code) => _scales.Pointer[code].Scale;

    /// <summary>δ_j, the largest |⟨c_j, c_k − μ⟩ − t_j q_jk| over k; infinite where it is not known.</summary>
    public float Error(int code) => _scales.Pointer[code].Error;

    /// <summary>q_jk, [the later codebook's panels × 16], from the start of a cache line.</summary>
    public sbyte* Row(int code) => _rows.Pointer + ((nint)code * RowBytes);

    private static void Score(FloatPanels panels, float* rows, SearchTable later, int count, float* scores, float* minima)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Score<FloatLanes512>(panels, rows, later, count, scores, minima);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Score<FloatLanes256>(panels, rows, later, count, scores, minima);
        }
        else
        {
            Score<FloatLanes128>(panels, rows, later, count, scores, minima);
        }
    }

    private static void Score<T>(FloatPanels panels, float* rows, SearchTable later, int count, float* scores, float* minima)
        where T : struct, IFloatLanes<T>
        => FloatScores<T>.Score(
            panels.Panels, panels.HalfNorms, panels.PanelCount, later.Dimensions, rows, later.Stride, count, scores, minima);

    [MethodImpl(InnerLoop.Options)]
    private void Quantize(int code, float* halfNorms, float* scores, double margin)
    {
        // Repeated codewords and padding have an infinite half norm: their scores stay infinite, whatever their products.
        double peak = 0;
        for (var k = 0; k < _length; k++)
        {
            peak = Math.Max(peak, halfNorms[k] < float.PositiveInfinity ? Math.Abs((double)halfNorms[k] - scores[k]) : 0);
        }

        var scale = peak < MinPeak || !(margin < float.MaxValue) ? 0 : (float)(peak / MaxLevel);
        var inverse = scale == 0 ? 0 : 1 / (double)scale;
        var row = Row(code);
        double error = 0;
        for (var k = 0; k < _length; k++)
        {
            var product = halfNorms[k] < float.PositiveInfinity ? (double)halfNorms[k] - scores[k] : 0;
            var quantized = Math.Clamp(Math.Round(product * inverse), -MaxLevel, MaxLevel);
            row[k] = (sbyte)quantized;
            error = Math.Max(error, Math.Abs(product - (scale * quantized)));
        }

        var bound = margin < float.MaxValue ? MathF.BitIncrement((float)((error + margin) * Rounding.DoubleSlack)) : float.PositiveInfinity;
        _scales.Pointer[code] = (scale, bound);
    }
}
