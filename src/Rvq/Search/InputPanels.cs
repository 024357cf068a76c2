namespace Rvq.Search;

/// <summary>
/// The input projections of all stages of a stack, side by side as panels for <see cref="FloatKernel{T}"/>, which multiplies by them as it does by
/// codewords. What it gives is only near W x: how near, <see cref="Error"/> says.
/// </summary>
internal sealed unsafe class InputPanels
{
    private readonly AlignedBuffer<float> _panels;
    private readonly AlignedBuffer<float> _zeros;
    private readonly int[] _columns;
    private readonly double[] _norms;

    public InputPanels(Stage[] stages)
    {
        var inputs = stages[0].Dimensions;
        _columns = new int[stages.Length + 1];
        _norms = new double[stages.Length];
        for (var m = 0; m < stages.Length; m++)
        {
            _columns[m + 1] = _columns[m] + stages[m].Codebook.Dimensions;
        }

        var panelCount = PanelLayout.PanelCount(_columns[^1]);
        _panels = new AlignedBuffer<float>((long)panelCount * PanelLayout.PanelSize * inputs);
        _zeros = new AlignedBuffer<float>(panelCount * PanelLayout.PanelSize);
        for (var m = 0; m < stages.Length; m++)
        {
            var weight = stages[m].Input!.Weight;
            double sum = 0;
            for (var i = 0; i < weight.Length; i++)
            {
                var (panel, lane) = Math.DivRem(_columns[m] + (i / inputs), PanelLayout.PanelSize);
                Panels[(((nint)panel * inputs) + (i % inputs)) * PanelLayout.PanelSize + lane] = weight[i];
                sum += (double)weight[i] * weight[i];
            }

            _norms[m] = Math.Sqrt(sum) * (1 + 1e-9);
        }

        Inputs = inputs;
    }

    public int Inputs { get; }

    /// <summary>W of all stages, [panels, Inputs, 16].</summary>
    public float* Panels => _panels.Pointer;

    /// <summary>Where the sums start.</summary>
    public float* Zeros => _zeros.Pointer;

    /// <summary>The first output of a stage.</summary>
    public int Column(int stage) => _columns[stage];

    /// <summary>The panels that the first stages need.</summary>
    public int PanelCount(int stages) => PanelLayout.PanelCount(_columns[stages]);

    /// <summary>
    /// A bound of ‖p − W_m x‖ for the float32 products p: every row errs by at most γ‖W_row‖‖x‖ and what underflows, and the rows together by
    /// the root of the sum of the squares. Infinite where a sum could overflow.
    /// </summary>
    public double Error(int stage, double norm)
    {
        var error = (1.02 * (Inputs + 8) * Math.ScaleB(1, -24) * _norms[stage] * norm) + Math.ScaleB(Inputs + 1, -146);
        return Inputs <= ErrorBound.MaxDimensions && error < 1e25 ? error : double.PositiveInfinity;
    }

    /// <summary>A bound of ‖W_m x‖ and of the sums on the way to it.</summary>
    public double Magnitude(int stage, double norm) => _norms[stage] * norm;
}
