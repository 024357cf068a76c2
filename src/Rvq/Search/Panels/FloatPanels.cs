using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The codewords of a stage for <see cref="FloatScores{T}"/>, and what <see cref="ErrorBound"/> must know of them. The score orders
/// codewords the same when residual and codewords move by a common vector μ: ½‖c‖² − ⟨r, c⟩ = ½‖c − μ‖² − ⟨r − μ, c − μ⟩ + (what does not
/// depend on the codeword). So a codebook with a large mean is stored around it, which keeps the bound small where float32 would cancel.
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
            Store(table.Row(code), _centering.Center, table.Dimensions, Panels + ((nint)(code / Panel) * table.Dimensions * Panel) + (code % Panel));
        }

        Bound = new ErrorBound(table, _centering);
    }

    public int PanelCount { get; }

    /// <summary>−(c − μ), [PanelCount, Dimensions, 16]; zeros beyond the last codeword.</summary>
    public float* Panels => _panels.Pointer;

    /// <summary>½‖c − μ‖², [PanelCount × 16]; infinity beyond the last codeword and for repeated ones, so that they never win.</summary>
    public float* HalfNorms => _halfNorms.Pointer;

    /// <summary>μ, padded; or null where the codebook is stored as it is.</summary>
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
