namespace Rvq.Search;

/// <summary>The weights of a projection as the kernels read them, in two forms that give the same bits.</summary>
internal sealed unsafe class ProjectionTable
{
    // With this many inputs or fewer, outputs fill the vectors better than inputs do.
    private const int FewInputs = 32;

    private readonly AlignedBuffer<float> _weights;
    private readonly AlignedBuffer<float> _bias;

    public ProjectionTable(AlignedBuffer<float> weight, int inputs, int outputs, float[] bias)
    {
        Inputs = inputs;
        Outputs = outputs;
        PaddedInputs = Definition.PaddedLength(inputs);
        PaddedOutputs = Definition.PaddedLength(outputs);
        IsByColumns = inputs <= FewInputs;
        _bias = new AlignedBuffer<float>(PaddedOutputs);
        bias.CopyTo(_bias.Span);
        if (!IsByColumns && inputs == PaddedInputs)
        {
            _weights = weight;
            return;
        }

        _weights = new AlignedBuffer<float>(IsByColumns ? (long)inputs * PaddedOutputs : (long)outputs * PaddedInputs);
        for (var output = 0; output < outputs; output++)
        {
            for (var input = 0; input < inputs; input++)
            {
                var index = IsByColumns ? ((nint)input * PaddedOutputs) + output : ((nint)output * PaddedInputs) + input;
                Weights[index] = weight.Pointer[((nint)output * inputs) + input];
            }
        }
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public int PaddedInputs { get; }

    public int PaddedOutputs { get; }

    /// <summary>Whether <see cref="Weights"/> is [Inputs, PaddedOutputs]; else it is [Outputs, PaddedInputs].</summary>
    public bool IsByColumns { get; }

    public float* Weights => _weights.Pointer;

    /// <summary>b, [PaddedOutputs]; zeros where there is none.</summary>
    public float* Bias => _bias.Pointer;
}
