namespace Rvq.Search;

/// <summary>
/// The input projections of all stages of a stack, side by side as panels for <see cref="FloatKernel{T}"/>, which multiplies by them as it does by
/// codewords; inputs in parts, whose products are added in binary64, because an error grows with the terms of a float32 sum. What that gives is only
/// near W x: how near, <see cref="ErrorPerNorm"/> says.
/// </summary>
internal sealed unsafe class InputPanels
{
    private const int PartLength = 128;

    private readonly AlignedBuffer<float> _panels;
    private readonly AlignedBuffer<float> _zeros;
    private readonly AlignedBuffer<float> _bias;
    private readonly int[] _columns;
    private readonly double[] _norms;
    private readonly int _inputs;

    public InputPanels(Stage[] stages)
    {
        _inputs = stages[0].Dimensions;
        _columns = new int[stages.Length + 1];
        _norms = new double[stages.Length];
        for (var m = 0; m < stages.Length; m++)
        {
            _columns[m + 1] = _columns[m] + stages[m].InputProjection!.Table.PaddedOutputs;
        }

        Parts = (_inputs + PartLength - 1) / PartLength;
        var columns = PanelLayout.PanelCount(_columns[^1]) * PanelLayout.PanelSize;
        _panels = new AlignedBuffer<float>((long)columns * _inputs);
        _zeros = new AlignedBuffer<float>(columns);
        _bias = new AlignedBuffer<float>(columns);
        for (var m = 0; m < stages.Length; m++)
        {
            var weight = stages[m].InputProjection!.Weight;
            double sum = 0;
            for (var i = 0; i < weight.Length; i++)
            {
                var (panel, lane) = Math.DivRem(_columns[m] + (i / _inputs), PanelLayout.PanelSize);
                var (part, at) = Math.DivRem(i % _inputs, PartLength);
                Panels(part)[(((nint)panel * Length(part)) + at) * PanelLayout.PanelSize + lane] = weight[i];
                sum += (double)weight[i] * weight[i];
            }

            _norms[m] = Math.Sqrt(sum) * (1 + 1e-9);
            stages[m].InputProjection!.Bias.CopyTo(_bias.Span[_columns[m]..]);
        }
    }

    /// <summary>The parts of a vector, of <see cref="Length"/> values each.</summary>
    public int Parts { get; }

    /// <summary>Where the sums start.</summary>
    public float* Zeros => _zeros.Pointer;

    /// <summary>b of all stages, a value for each column.</summary>
    public float* Bias => _bias.Pointer;

    /// <summary>W of all stages for a part of the inputs, [panels, Length(part), 16].</summary>
    public float* Panels(int part) => _panels.Pointer + ((nint)Start(part) * _zeros.Length);

    /// <summary>The first input of a part.</summary>
    public static int Start(int part) => part * PartLength;

    public int Length(int part) => Math.Min(PartLength, _inputs - Start(part));

    /// <summary>The first column of a stage, whose outputs are padded as they are elsewhere.</summary>
    public int Column(int stage) => _columns[stage];

    /// <summary>The panels that the first stages need.</summary>
    public int PanelCount(int stages) => PanelLayout.PanelCount(_columns[stages]);

    /// <summary>
    /// How far the float32 products p can be from W_m x, per unit of ‖x‖: ‖p − W_m x‖ is at most that times ‖x‖ and <see cref="ErrorFixed"/>. The sum of a row over a part errs by at most
    /// γ‖W_row,part‖‖x_part‖ and what underflows; the parts of a row together by γ‖W_row‖‖x‖, by Cauchy–Schwarz, and the rows together by the root of the sum of
    /// the squares. The definition's own sum in binary64 errs by (n/8 + 8)2⁻⁵³ of the same, for which the 2 % and five terms too many leave room up to n = 10⁹.
    /// </summary>
    public double ErrorPerNorm(int stage) => 1.02 * (PartLength + 8) * Math.ScaleB(1, -24) * _norms[stage];

    public double ErrorFixed => Math.ScaleB(_inputs + 1, -146);

    /// <summary>A bound of ‖W_m x‖ and of the sums on the way to it, per unit of ‖x‖.</summary>
    public double Magnitude(int stage) => _norms[stage];
}
