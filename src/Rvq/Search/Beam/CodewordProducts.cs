using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// ⟨c_j, c_k − μ⟩ for all codewords c_j of one stage and c_k of a later one, in eight bits: by so much the scores of the later stage rise when c_j is
/// subtracted from the residual. Row j is t_j q_jk, and no entry of it is farther from the product than δ_j.
/// </summary>
internal sealed unsafe class CodewordProducts
{
    private const int Line = CacheLines.Bytes;
    private const int Largest = 127;
    private const int RowsAtOnce = 16;

    // Products of norms up to this are far from overflow, and residuals too.
    private const double LargestNorm = 1e18;
    private const double Padding = 1.0 / (1L << 50) / (1L << 50);

    // Rows of products below this are zeros, so that no scale is subnormal; their errors are what they were.
    private static readonly double SmallestPeak = Math.ScaleB(1, -90);

    private readonly AlignedBuffer<sbyte> _rows;
    private readonly AlignedBuffer<(float Scale, float Error)> _scales;
    private readonly int _length;

    public CodewordProducts(SearchTable earlier, SearchTable later)
    {
        var panels = later.FloatPanels;
        _length = panels.PanelCount * PanelLayout.PanelSize;
        RowBytes = (_length + Line - 1) / Line * Line;
        _rows = new AlignedBuffer<sbyte>((long)earlier.Size * RowBytes);
        _scales = new AlignedBuffer<(float, float)>(earlier.Size);
        Growth = 2.3 * earlier.MaxNorm * Padded(later.MaxNorm);
        var scores = new AlignedBuffer<float>(RowsAtOnce * _length);
        var minima = new AlignedBuffer<float>(RowsAtOnce * PanelLayout.GroupCount(panels.PanelCount) * PanelLayout.PanelSize);
        for (var first = 0; first < earlier.Size; first += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, earlier.Size - first);
            Score(panels, earlier.Row(first), later, count, scores.Pointer, minima.Pointer);
            for (var i = 0; i < count; i++)
            {
                // Half the margin is how far ½‖c − μ‖² less the product can be off; the other half covers that ½‖c − μ‖² itself was rounded.
                var margin = panels.Bound.Margin(RowArithmetic.SquaredNorm(earlier.Row(first + i), earlier.Stride));
                Quantize(first + i, panels.HalfNorms, scores.Pointer + (i * _length), margin);
            }
        }

        GC.KeepAlive(scores);
        GC.KeepAlive(minima);
    }

    /// <summary>2.3 max‖c_j‖·(max‖c_k‖ + 2⁻¹⁰⁰), which bounds what subtracting a codeword adds to any score, to the residual's norm times ‖c_k − μ‖, and more.</summary>
    public double Growth { get; }

    /// <summary>Whether the proof that <see cref="BeamCandidates{T}"/> gives holds for these codebooks.</summary>
    public static bool Cover(SearchTable earlier, SearchTable later) => earlier.MaxNorm <= LargestNorm && later.MaxNorm <= LargestNorm;

    /// <summary>A bound of ‖c‖, raised so that 2.01 of it bound ‖c − μ‖ even where μ is subnormal.</summary>
    public static double Padded(double norm) => norm + Padding;

    /// <summary>The bytes from one codeword's row to the next's.</summary>
    public int RowBytes { get; }

    /// <summary>t_j.</summary>
    public float Scale(int code) => _scales.Pointer[code].Scale;

    /// <summary>δ_j, the largest |⟨c_j, c_k − μ⟩ − t_j q_jk| over k; infinite where it is not known.</summary>
    public float Error(int code) => _scales.Pointer[code].Error;

    /// <summary>q_jk, [the later codebook's panels × 16], from a cache line's start on.</summary>
    public sbyte* Row(int code) => _rows.Pointer + ((nint)code * RowBytes);

    private static void Score(FloatPanels panels, float* rows, SearchTable later, int count, float* scores, float* minima)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            FloatScores<FloatLanes512>.Score(panels.Panels, panels.HalfNorms, panels.PanelCount, later.Dimensions, rows, later.Stride, count, scores, minima);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            FloatScores<FloatLanes256>.Score(panels.Panels, panels.HalfNorms, panels.PanelCount, later.Dimensions, rows, later.Stride, count, scores, minima);
        }
        else
        {
            FloatScores<FloatLanes128>.Score(panels.Panels, panels.HalfNorms, panels.PanelCount, later.Dimensions, rows, later.Stride, count, scores, minima);
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private void Quantize(int code, float* halfNorms, float* scores, double margin)
    {
        // Repeated codewords and padding have an infinite half norm: whatever is added to that.
        double peak = 0;
        for (var k = 0; k < _length; k++)
        {
            peak = Math.Max(peak, halfNorms[k] < float.PositiveInfinity ? Math.Abs((double)halfNorms[k] - scores[k]) : 0);
        }

        var scale = peak < SmallestPeak || !(margin < float.MaxValue) ? 0 : (float)(peak / Largest);
        var inverse = scale == 0 ? 0 : 1 / (double)scale;
        var row = Row(code);
        double error = 0;
        for (var k = 0; k < _length; k++)
        {
            var product = halfNorms[k] < float.PositiveInfinity ? (double)halfNorms[k] - scores[k] : 0;
            var quantized = Math.Clamp(Math.Round(product * inverse), -Largest, Largest);
            row[k] = (sbyte)quantized;
            error = Math.Max(error, Math.Abs(product - (scale * quantized)));
        }

        _scales.Pointer[code] = (scale, margin < float.MaxValue ? MathF.BitIncrement((float)((error + margin) * (1 + 1e-9))) : float.PositiveInfinity);
    }
}
