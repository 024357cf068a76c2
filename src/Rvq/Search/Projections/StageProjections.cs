namespace Rvq.Search;

/// <summary>
/// The vectors that the stages of a stack search where these are projections of the residual: z_m = W_m x + b_m − Σ_{i&lt;m} (M_mi e_i +
/// v_mi), M_mi = W_m Wout_i, v_mi = W_m bout_i, e_i the raw codeword of stage i. These small matrices replace the residual: a frame is
/// projected once for all stages, and no stage reads or writes its many dimensions again.
/// </summary>
internal sealed unsafe class StageProjections
{
    private readonly int[] _columns;
    private readonly ProjectionTable?[] _couplings;

    public StageProjections(Stage[] stages)
    {
        _columns = new int[stages.Length + 1];
        for (var m = 0; m < stages.Length; m++)
        {
            _columns[m + 1] = checked(_columns[m] + stages[m].Codebook.RowStride);
        }

        var outputs = Array.Exists(stages, stage => stage.InputProjection is not null) ? _columns[^1] : 0;
        Input = new ProjectionTable(stages[0].Dimensions, outputs);
        for (var m = 0; m < stages.Length; m++)
        {
            if (stages[m].InputProjection is { } projection)
            {
                Input.Set(_columns[m], projection.Weight, projection.Bias);
            }
        }

        _couplings = new ProjectionTable?[stages.Length];
        for (var m = 0; m < stages.Length - 1; m++)
        {
            _couplings[m] = Couple(stages, m);
        }
    }

    /// <summary>W_m and b_m of all stages; no outputs where no stage projects, zeros where one does not.</summary>
    public ProjectionTable Input { get; }

    /// <summary>The first column of a stage among those of all stages.</summary>
    public int Column(int stage) => _columns[stage];

    /// <summary>−M and −v from a stage to all later ones, which begin at its first output.</summary>
    public ProjectionTable Coupling(int stage) => _couplings[stage]!;

    /// <summary>Every entry is a ⟨·,·⟩ of the definition, in binary64, rounded once.</summary>
    private ProjectionTable Couple(Stage[] stages, int earlier)
    {
        var (stride, inputs) = (Definition.PaddedLength(stages[earlier].Dimensions), stages[earlier].Codebook.Dimensions);
        var (columns, row) = (OutputColumns(stages[earlier], stride), new AlignedBuffer<float>(stride));
        var result = new ProjectionTable(inputs, _columns[^1] - _columns[earlier + 1]);
        var entries = new float[inputs + 1];
        for (var later = earlier + 1; later < stages.Length; later++)
        {
            for (var output = 0; output < stages[later].Codebook.Dimensions; output++)
            {
                InputRow(stages[later], output, row.Span);
                for (var i = 0; i <= inputs; i++)
                {
                    entries[i] = -(float)WidestSums.Dot(row.Pointer, columns.Pointer + ((nint)i * stride), stride);
                }

                result.Set(_columns[later] - _columns[earlier + 1] + output, entries.AsSpan(0, inputs), entries.AsSpan(inputs));
            }
        }

        GC.KeepAlive(columns);
        GC.KeepAlive(row);
        return result;
    }

    /// <summary>Row <paramref name="output"/> of W, or of the identity where the stage has no input projection.</summary>
    private static void InputRow(Stage stage, int output, Span<float> row)
    {
        row.Clear();
        if (stage.InputProjection is { } input)
        {
            input.Weight.Slice(output * input.Inputs, input.Inputs).CopyTo(row);
        }
        else
        {
            row[output] = 1;
        }
    }

    /// <summary>
    /// The columns of Wout, or of the identity where the stage has no output projection, and after them its bias, each padded.
    /// </summary>
    private static AlignedBuffer<float> OutputColumns(Stage stage, int stride)
    {
        var inputs = stage.Codebook.Dimensions;
        var columns = new AlignedBuffer<float>((long)(inputs + 1) * stride);
        for (var i = 0; i < inputs; i++)
        {
            for (var output = 0; output < stage.Dimensions; output++)
            {
                columns.Pointer[((nint)i * stride) + output] = stage.OutputProjection is { } projection
                    ? projection.Weight[(output * inputs) + i]
                    : i == output ? 1 : 0;
            }
        }

        stage.OutputProjection?.Bias.CopyTo(columns.Span[(inputs * stride)..]);
        return columns;
    }
}
