using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage for <see cref="FloatScores{T}"/>, with the bound of their scores. Subtracting a vector μ from the residual and
/// all codewords changes all scores by the same amount: ½‖c‖² − ⟨r, c⟩ = ½‖c − μ‖² − ⟨r − μ, c − μ⟩ + κ, κ = ½⟨μ, μ⟩ − ⟨r, μ⟩. So a
/// codebook with a large mean is stored less its mean, which keeps the bound small where float32 would cancel.
/// </summary>
internal sealed unsafe class FloatPanels
{
    private const int Panel = PanelLayout.PanelSize;

    private readonly AlignedBuffer<float> _panels;
    private readonly AlignedBuffer<float> _halfNorms;
    private readonly Centering _centering;

    public FloatPanels(SearchTable table)
    {
        _centering = new Centering(table);
        PanelCount = PanelLayout.PanelCount(table.Size);
        _panels = new AlignedBuffer<float>((long)PanelCount * PanelLayout.PanelSize * table.Dimensions);
        _halfNorms = table.PanelHalfNorms(_centering.HalfNorms);
        for (var code = 0; code < table.Size; code++)
        {
            var lane = Panels + ((nint)(code / Panel) * table.Dimensions * Panel) + (code % Panel);
            Store(table.Row(code), _centering.Center, table.Dimensions, lane);
        }

        Bound = new ErrorBound(table, _centering);
    }

    public int PanelCount { get; }

    /// <summary>−(c − μ), [PanelCount, Dimensions, 16]; zeros beyond the last codeword.</summary>
    public float* Panels => _panels.Pointer;

    /// <summary>½‖c − μ‖², [PanelCount × 16]; infinity beyond the last codeword and for repeated ones, so that they never win.</summary>
    public float* HalfNorms => _halfNorms.Pointer;

    /// <summary>μ, padded; or null where that is zero.</summary>
    public float* Center => _centering.IsZero ? null : _centering.Center;

    public ErrorBound Bound { get; }

    [MethodImpl(InnerLoop.Options)]
    private static void Store(float* row, float* center, int dimensions, float* lane)
    {
        for (var i = 0; i < dimensions; i++, lane += Panel)
        {
            *lane = -(row[i] - center[i]);
        }
    }
}
