using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage in six bits, for single frames: they wait for memory, and this is a quarter less of it than <see cref="BytePanels"/>, whose scales
/// and norms hold here too. Every four steps of four dimensions take the room of three: a byte of each of the first three is that byte but for its two lowest bits,
/// which are two of the six of the fourth step. Bytes are used with those bits in them: rounding allows for what they happen to be.
/// </summary>
internal sealed unsafe class SixBitPanels
{
    /// <summary>Beyond this many dimensions the two bits less leave so many more candidates that reading their rows costs more than they save.</summary>
    public const int MaxDimensions = 256;

    /// <summary>The dimensions of four steps, which are stored together.</summary>
    public const int Dimensions = 4 * BytePanels.Dimensions;

    /// <summary>The steps that have bytes of their own.</summary>
    public const int OwnSteps = 3;

    private const int Panel = PanelLayout.PanelSize;
    private const int StepBytes = Panel * BytePanels.Dimensions;

    private readonly AlignedBuffer<byte> _panels;

    public SixBitPanels(SearchTable table)
    {
        Bytes = table.BytePanels;
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

    /// <summary>Stores a codeword and returns ‖(c − μ) − s q‖.</summary>
    [MethodImpl(Jit.Kernel)]
    private double Quantize(SearchTable table, int code)
    {
        var (panel, lane) = Math.DivRem(code, Panel);
        var destination = Panels + (panel * PanelBytes) + (lane * BytePanels.Dimensions);
        float* row = table.Row(code), center = Bytes.Centering.Center;
        var (dimensions, scale) = (table.Dimensions, (double)Bytes.Scales[code]);
        var inverse = scale == 0 ? 0 : 1 / scale;
        double error = 0;
        for (var first = 0; first < dimensions; first += Dimensions, destination += OwnSteps * StepBytes)
        {
            for (var i = 0; i < BytePanels.Dimensions; i++)
            {
                var last = Round(first + i + (OwnSteps * BytePanels.Dimensions), 0);
                destination[i] = Round(first + i, last >> 6);
                destination[StepBytes + i] = Round(first + i + BytePanels.Dimensions, (last >> 4) & 3);
                destination[(2 * StepBytes) + i] = Round(first + i + (2 * BytePanels.Dimensions), (last >> 2) & 3);
            }
        }

        return Math.Sqrt(error);

        // The nearest byte with these lowest bits; beyond the last dimension, where residuals are zero, any.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        byte Round(int dimension, int lowest)
        {
            if (dimension >= dimensions)
            {
                return (byte)lowest;
            }

            var value = row[dimension] - (double)center[dimension];
            var rounded = (4 * (int)Math.Clamp(Math.Round((BytePanels.Offset - (value * inverse) - lowest) * 0.25), 0, 63)) + lowest;
            var difference = value - (scale * (BytePanels.Offset - rounded));
            error += difference * difference;
            return (byte)rounded;
        }
    }
}
