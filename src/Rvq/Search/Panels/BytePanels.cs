using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage in eight bits for <see cref="ByteScores{T}"/>: c − μ ≈ s_k q_k with a scale per codeword. A quarter of
/// the bytes of float32 and up to four times the multiply-adds per instruction; <see cref="ByteErrorBound"/> bounds what rounding loses.
/// </summary>
internal sealed unsafe class BytePanels
{
    /// <summary>255 · 127 · n is below 2³¹, so that no 32-bit sum overflows.</summary>
    public const int MaxDimensions = 60_000;

    /// <summary>The dimensions that one instruction takes from each codeword.</summary>
    public const int Dimensions = 4;

    private const int MaxLevel = 127;

    // Scales and weights stay normal numbers: subnormal ones are rounded coarsely, and slow the kernel down a hundredfold.
    private const float MinPeak = 1e-27f;
    private const double MinWeight = 1e-12;

    // The bound covers no codeword with a larger value.
    private const float MaxPeak = (float)Rounding.OverflowLimit;

    // How far, in units of s, rounding moves a value of at most 127: four roundings, 127 · 4u < 3.1 · 10⁻⁵. BOUNDS.md, B2.
    private const double ValueError = 4e-5;

    private const int StepBytes = PanelLayout.PanelSize * Dimensions;

    private readonly AlignedBuffer<byte> _panels;
    private readonly AlignedBuffer<float> _halfNorms;
    private readonly AlignedBuffer<float> _scales;
    private readonly AlignedBuffer<float> _weights;

    public BytePanels(SearchTable table, ByteForm form)
    {
        Form = form;
        Centering = new Centering(table);
        PanelCount = PanelLayout.PanelCount(table.Size);
        Steps = table.Stride / Dimensions;
        var padded = PanelCount * PanelLayout.PanelSize;
        _panels = new AlignedBuffer<byte>((long)padded * Steps * Dimensions);
        _halfNorms = table.PanelHalfNorms(Centering.HalfNorms);
        _scales = new AlignedBuffer<float>(padded);
        _weights = new AlignedBuffer<float>(padded);
        var errors = new double[table.Size];
        for (var code = 0; code < table.Size; code++)
        {
            errors[code] = Quantize(table, code);
        }

        var largestError = errors.Max();
        var losses = default(ByteLosses);
        for (var code = 0; code < table.Size; code++)
        {
            var share = Math.Max(Share(errors[code], largestError), Share(Centering.Norms[code], Centering.LargestNorm));
            Weights[code] = (float)Math.Max(share, MinWeight);
            losses = losses.With(Centering.Norms[code], errors[code], Weights[code]);
        }

        (Losses, Bound) = (losses, new ByteErrorBound(table, Centering, losses));
    }

    public ByteForm Form { get; }

    /// <summary>What codewords are stored with, so that no byte is negative where bytes have no sign.</summary>
    public int Offset => Form == ByteForm.Unsigned ? 128 : 0;

    public int PanelCount { get; }

    /// <summary>The groups of four dimensions in a padded codeword, an even number.</summary>
    public int Steps { get; }

    /// <summary>
    /// <see cref="Offset"/> − q, [PanelCount, Steps, 16, 4]; q = 0 beyond the last dimension, where residuals are zero, and zeros beyond
    /// the last codeword.
    /// </summary>
    public byte* Panels => _panels.Pointer;

    /// <summary>½‖c − μ‖², [PanelCount × 16]; infinity beyond the last codeword and for repeated ones, so that they never win.</summary>
    public float* HalfNorms => _halfNorms.Pointer;

    /// <summary>s, [PanelCount × 16]; zero beyond the last codeword and for codewords next to μ, which are stored as zeros.</summary>
    public float* Scales => _scales.Pointer;

    /// <summary>w ≤ 1, [PanelCount × 16]: the larger of a codeword's shares of the largest error and of the largest norm.</summary>
    public float* Weights => _weights.Pointer;

    /// <summary>μ, padded; or null where that is zero.</summary>
    public float* Center => Centering.IsZero ? null : Centering.Center;

    public Centering Centering { get; }

    public ByteLosses Losses { get; }

    public ByteErrorBound Bound { get; }

    private static double Share(double part, double whole) => whole == 0 ? 0 : part / whole;

    /// <summary>Stores a codeword and returns a bound of ‖(c − μ) − s q‖. BOUNDS.md, B2.</summary>
    [MethodImpl(InnerLoop.Options)]
    private double Quantize(SearchTable table, int code)
    {
        float* row = table.Row(code), center = Centering.Center;
        var peak = Vector256<float>.Zero;
        for (var i = 0; i < table.Stride; i += Vector256<float>.Count)
        {
            peak = Vector256.MaxNative(peak, Vector256.Abs(Vector256.Load(row + i) - Vector256.Load(center + i)));
        }

        var largest = FloatLanes256.MaxAcross(peak);
        if (!(largest >= MinPeak && largest <= MaxPeak))
        {
            largest = 0;
        }

        var (scale, inverse) = (largest / MaxLevel, largest == 0 ? 0 : MaxLevel / largest);
        Scales[code] = scale;
        var (panel, lane) = Math.DivRem(code, PanelLayout.PanelSize);
        var destination = Panels + ((((nint)panel * Steps * PanelLayout.PanelSize) + lane) * Dimensions);
        var squares = Vector256<float>.Zero;
        for (var i = 0; i < table.Stride; i += Vector256<float>.Count, destination += 2 * StepBytes)
        {
            var value = (Vector256.Load(row + i) - Vector256.Load(center + i)) * inverse;
            var rounded = Vector256.Max(Vector256.Round(value), Vector256.Create(-(float)MaxLevel));
            rounded = Vector256.Min(rounded, Vector256.Create((float)MaxLevel));
            squares += (value - rounded) * (value - rounded);
            var bytes = Vector256.Create(Offset) - Vector256.ConvertToInt32(rounded);
            var words = Vector128.Narrow(bytes.GetLower(), bytes.GetUpper()).AsUInt16();
            var packed = Vector128.Narrow(words, words).AsUInt64().ToScalar();
            *(uint*)destination = (uint)packed;
            *(uint*)(destination + StepBytes) = (uint)(packed >> 32);
        }

        return scale == 0
            ? Centering.Norms[code]
            : scale * ((Math.Sqrt(Vector256.Sum(squares)) * Rounding.NormSlack) + (Math.Sqrt(table.Dimensions) * ValueError));
    }
}
