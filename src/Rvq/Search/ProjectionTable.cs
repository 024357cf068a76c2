namespace Rvq.Search;

/// <summary>The weights of a projection as the kernels read them: outputs fill the vectors, so that no sum goes across one.</summary>
internal sealed unsafe class ProjectionTable
{
    private readonly AlignedBuffer<float> _weights;
    private readonly AlignedBuffer<float> _bias;

    public ProjectionTable(AlignedBuffer<float> weight, int inputs, int outputs, float[] bias)
    {
        Outputs = outputs;
        PaddedInputs = Definition.PaddedLength(inputs);
        PaddedOutputs = Definition.PaddedLength(outputs);
        _bias = new AlignedBuffer<float>(PaddedOutputs);
        bias.CopyTo(_bias.Span);
        _weights = new AlignedBuffer<float>((long)PaddedInputs * PaddedOutputs);
        for (var output = 0; output < outputs; output++)
        {
            var panel = Panel(output / Definition.Lanes * Definition.Lanes) + (output % Definition.Lanes);
            for (var input = 0; input < inputs; input++)
            {
                panel[(nint)input * Definition.Lanes] = weight.Pointer[((nint)output * inputs) + input];
            }
        }
    }

    public int Outputs { get; }

    public int PaddedInputs { get; }

    public int PaddedOutputs { get; }

    /// <summary>b, [PaddedOutputs]; zeros where there is none.</summary>
    public float* Bias => _bias.Pointer;

    /// <summary>The weights of eight outputs, [PaddedInputs, 8], zeros where there are none; the panels of all outputs lie one after the other.</summary>
    public float* Panel(nint output) => _weights.Pointer + (output * PaddedInputs);
}
