namespace Rvq.Search;

/// <summary>
/// An affine map in the layout of <see cref="Projector"/>: the lanes of a vector are outputs, so that no sum is across lanes.
/// </summary>
internal sealed unsafe class ProjectionTable
{
    private const int Panel = PanelLayout.PanelSize;

    private readonly AlignedBuffer<float> _weights;
    private readonly AlignedBuffer<float> _bias;

    public ProjectionTable(int inputs, int outputs)
    {
        (Inputs, Outputs, PaddedOutputs) = (inputs, outputs, Definition.PaddedLength(outputs));
        var panels = PanelLayout.PanelCount(outputs);
        _weights = new AlignedBuffer<float>((long)panels * inputs * Panel);
        _bias = new AlignedBuffer<float>((long)panels * Panel);
    }

    public ProjectionTable(ReadOnlySpan<float> weight, int inputs, ReadOnlySpan<float> bias)
        : this(inputs, weight.Length / inputs)
        => Set(0, weight, bias);

    public int Inputs { get; }

    public int Outputs { get; }

    /// <summary>The outputs, and zeros up to a multiple of eight.</summary>
    public int PaddedOutputs { get; }

    /// <summary>b from the given output on, with zeros up to a multiple of sixteen.</summary>
    public float* Bias(int output) => _bias.Pointer + output;

    /// <summary>
    /// The panel of sixteen rows of W from the given output on, a multiple of sixteen: [Inputs, 16]. The next panel follows it in memory.
    /// </summary>
    public float* Weights(int output) => _weights.Pointer + ((nint)output * Inputs);

    /// <summary>Sets rows of W, [rows, Inputs], and the same rows of b; an empty bias leaves zeros.</summary>
    public void Set(int firstOutput, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        bias.CopyTo(_bias.Span[firstOutput..]);
        for (var output = firstOutput; !weight.IsEmpty; output++, weight = weight[Inputs..])
        {
            var target = Weights(output / Panel * Panel) + (output % Panel);
            for (var input = 0; input < Inputs; input++)
            {
                target[(nint)input * Panel] = weight[input];
            }
        }
    }
}
