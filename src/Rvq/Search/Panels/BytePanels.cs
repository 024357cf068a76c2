using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage in eight bits for <see cref="ByteScores{T}"/>: c − μ ≈ s_k q_k with a scale per codeword. A quarter of
/// the bytes of float32 and up to four times the multiply-adds per instruction; what rounding loses is in <see cref="ByteErrorBound"/>.
/// </summary>
internal sealed unsafe class BytePanels
{
    /// <summary>Beyond this many dimensions a 32-bit sum could overflow.</summary>
    public const int MaxDimensions = 60_000;

    /// <summary>The dimensions that one instruction takes from each codeword.</summary>
    public const int Dimensions = 4;

    /// <summary>What is added to the quantized values so that none is negative.</summary>
    public const int Offset = 128;

    private const int Largest = 127;

    // No scale or weight is so small that it would be rounded much, or slow the kernel down a hundredfold as a subnormal number.
    private const float SmallestPeak = 1e-27f;
    private const double SmallestWeight = 1e-12;

    // Larger ones are far beyond what the bound covers.
    private const float LargestPeak = 1e37f;

    private const int StepBytes = PanelLayout.PanelSize * Dimensions;

    private readonly AlignedBuffer<byte> _panels;
    private readonly AlignedBuffer<float> _halfNorms;
    private readonly AlignedBuffer<float> _scales;
    private readonly AlignedBuffer<float> _weights;

    public BytePanels(SearchTable table)
    {
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
            // Each codeword's share of the largest norm or error.
            var share = Math.Max(Share(errors[code], largestError), Share(Centering.Norms[code], Centering.MaxNorm));
            Weights[code] = (float)Math.Max(share, SmallestWeight);
            losses = losses.With(Centering.Norms[code], errors[code], Weights[code]);
        }

        (Losses, Bound) = (losses, new ByteErrorBound(table, Centering, losses));
    }

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

    /// <summary>s, [PanelCount × 16]; zero beyond the last codeword and for codewords next to the center, which are stored as it.</summary>
    public float* Scales => _scales.Pointer;

    /// <summary>w ≤ 1, the codewords' shares of the largest error, [PanelCount × 16].</summary>
    public float* Weights => _weights.Pointer;

    /// <summary>μ, padded; or null where the codebook is stored as it is.</summary>
    public float* Center => Centering.IsZero ? null : Centering.Center;

    public Centering Centering { get; }

    public ByteLosses Losses { get; }

    public ByteErrorBound Bound { get; }

    private static double Share(double part, double whole) => whole == 0 ? 0 : part / whole;

    /// <summary>
    /// Stores a codeword and returns a bound of ‖(c − μ) − s q‖. In units of s, nothing is above 127 and what rounds (the difference from
    /// μ, 1 / s, the product with it) moves a value by
    /// less than 4 · 10⁻⁵; the sum of squares, at most 7500 terms in each lane, is within 10⁻³.
    /// </summary>
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
        if (!(largest >= SmallestPeak && largest <= LargestPeak))
        {
            largest = 0;
        }

        var (scale, inverse) = (largest / Largest, largest == 0 ? 0 : Largest / largest);
        Scales[code] = scale;
        var (panel, lane) = Math.DivRem(code, PanelLayout.PanelSize);
        var destination = Panels + ((((nint)panel * Steps * PanelLayout.PanelSize) + lane) * Dimensions);
        var squares = Vector256<float>.Zero;
        for (var i = 0; i < table.Stride; i += Vector256<float>.Count, destination += 2 * StepBytes)
        {
            var value = (Vector256.Load(row + i) - Vector256.Load(center + i)) * inverse;
            var rounded = Vector256.Max(Vector256.Round(value), Vector256.Create(-(float)Largest));
            rounded = Vector256.Min(rounded, Vector256.Create((float)Largest));
            squares += (value - rounded) * (value - rounded);
            var bytes = Vector256.Create(Offset) - Vector256.ConvertToInt32(rounded);
            var words = Vector128.Narrow(bytes.GetLower(), bytes.GetUpper()).AsUInt16();
            var packed = Vector128.Narrow(words, words).AsUInt64().ToScalar();
            *(uint*)destination = (uint)packed;
            *(uint*)(destination + StepBytes) = (uint)(packed >> 32);
        }

        return scale == 0 ? Centering.Norms[code] : scale * ((Math.Sqrt(Vector256.Sum(squares)) * 1.001) + (Math.Sqrt(table.Dimensions) * 4e-5));
    }
}
