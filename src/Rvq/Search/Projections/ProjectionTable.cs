namespace Rvq.Search;

/// <summary>An affine map as <see cref="Projector"/> reads it: outputs fill the vectors, so that no sum goes across one.</summary>
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

    /// <summary>b for the outputs from the given one on, with zeros up to a multiple of sixteen.</summary>
    public float* Bias(int output) => _bias.Pointer + output;

    /// <summary>
    /// W of sixteen outputs from the given one on, a multiple of sixteen, [Inputs, 16]; the panels of all outputs lie one after the
    /// other.
    /// </summary>
    public float* Weights(int output) => _weights.Pointer + ((nint)output * Inputs);

    /// <summary>Sets rows of W, [rows, Inputs], and what belongs to them of b, or zeros where that is empty.</summary>
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
