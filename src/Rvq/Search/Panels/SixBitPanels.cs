using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage in six bits, for single frames: a single frame is bound by memory, and this is a quarter less of it than
/// <see cref="BytePanels"/>, whose scales and half norms are used here too. Four steps of four dimensions take the room of three: the two
/// lowest bits of a byte of the first three steps hold two of the six bits of the fourth step's byte. Scores use the bytes with those bits
/// in them: each value was rounded to the nearest byte that has them.
/// </summary>
internal sealed unsafe class SixBitPanels
{
    /// <summary>
    /// With more dimensions, two bits less leave more candidates, whose rows cost more memory traffic than the bits save.
    /// </summary>
    public const int MaxDimensions = 256;

    /// <summary>The dimensions of a group of four steps.</summary>
    public const int Dimensions = 4 * BytePanels.Dimensions;

    /// <summary>The steps that have bytes of their own.</summary>
    public const int OwnSteps = 3;

    private const int Panel = PanelLayout.PanelSize;
    private const int StepBytes = Panel * BytePanels.Dimensions;

    // How far, in units of s, rounding moves a value of at most 127 and its difference from a byte: 127 · 3u + 4u
    // < 2.4 · 10⁻⁵. BOUNDS.md, B2.
    private const double ValueError = 5e-5;

    // Bytes are worked out as 128 − q.
    private const int Offset = 128;

    private readonly AlignedBuffer<byte> _panels;

    public SixBitPanels(SearchTable table, ByteForm form)
    {
        Bytes = table.BytePanels(form);
        Groups = (table.Dimensions + Dimensions - 1) / Dimensions;
        _panels = new AlignedBuffer<byte>((long)Bytes.PanelCount * PanelBytes);
        var losses = default(ByteLosses);
        for (var code = 0; code < table.Size; code++)
        {
            losses = losses.With(Bytes.Centering.Norms[code], Quantize(table, code), Bytes.Scales[code]);
        }

        (Losses, Bound) = (losses, new ByteErrorBound(table, Bytes.Centering, losses));
    }

    /// <summary>The same codewords in eight bits. Their scales are the weights here.</summary>
    public BytePanels Bytes { get; }

    /// <summary>The groups of four steps.</summary>
    public int Groups { get; }

    /// <summary>[PanelCount, Groups, 3, 16, 4].</summary>
    public byte* Panels => _panels.Pointer;

    public ByteLosses Losses { get; }

    public ByteErrorBound Bound { get; }

    private nint PanelBytes => (nint)Groups * OwnSteps * StepBytes;

    /// <summary>Stores a codeword and returns a bound of ‖(c − μ) − s q‖. BOUNDS.md, B2.</summary>
    [MethodImpl(InnerLoop.Options)]
    private double Quantize(SearchTable table, int code)
    {
        var (panel, lane) = Math.DivRem(code, Panel);
        var destination = Panels + (panel * PanelBytes) + (lane * BytePanels.Dimensions);
        float* row = table.Row(code), center = Bytes.Centering.Center;
        var scale = Bytes.Scales[code];
        var inverse = scale == 0 ? 0 : 1 / scale;
        var sign = Vector128.Create(Bytes.Form == ByteForm.Signed ? 0x80 : 0);
        var squares = Vector128<float>.Zero;
        for (var first = 0; first < table.Dimensions; first += Dimensions, destination += OwnSteps * StepBytes)
        {
            // A row may end after eight of a group's sixteen dimensions. What the others hold is multiplied by zeros of the residual.
            var second = first + 8 < table.Stride ? 8 : 0;
            var a = Value(row + first, center + first, inverse);
            var b = Value(row + first + 4, center + first + 4, inverse);
            var c = Value(row + first + second, center + first + second, inverse);
            var d = Value(row + first + second + 4, center + first + second + 4, inverse);
            var last = Nearest(d, Vector128<int>.Zero);
            var bytesA = Nearest(a, (last ^ sign) >> 6);
            var bytesB = Nearest(b, (last >> 4) & Vector128.Create(3));
            var bytesC = Nearest(c, (last >> 2) & Vector128.Create(3));
            Store(bytesA ^ sign, destination);
            Store(bytesB ^ sign, destination + StepBytes);
            Store(bytesC ^ sign, destination + (2 * StepBytes));
            var left = table.Dimensions - first;
            squares += Squares(a, bytesA, left) + Squares(b, bytesB, left - 4) + Squares(c, bytesC, left - 8) + Squares(d, last, left - 12);
        }

        return scale == 0
            ? Bytes.Centering.Norms[code]
            : scale * ((Math.Sqrt(Vector128.Sum(squares)) * Rounding.NormSlack) + (Math.Sqrt(table.Dimensions) * ValueError));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Value(float* row, float* center, float inverse)
        => (Vector128.Load(row) - Vector128.Load(center)) * inverse;

    /// <summary>The squared errors of the first <paramref name="left"/> values; zeros for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Squares(Vector128<float> value, Vector128<int> bytes, int left)
    {
        var lost = value + Vector128.ConvertToSingle(bytes - Vector128.Create(Offset));
        return (lost * lost) & Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(left)).AsSingle();
    }

    /// <summary>The nearest bytes with these lowest bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Nearest(Vector128<float> value, Vector128<int> lowest)
    {
        var quarters = (Vector128.Create((float)Offset) - value - Vector128.ConvertToSingle(lowest)) * 0.25f;
        var clamped = Vector128.Min(Vector128.Max(Vector128.Round(quarters), Vector128<float>.Zero), Vector128.Create(63f));
        return (Vector128.ConvertToInt32(clamped) << 2) + lowest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<int> bytes, byte* destination)
    {
        var words = Vector128.Narrow(bytes, bytes).AsUInt16();
        *(uint*)destination = Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }
}
