namespace Rvq.Search;

/// <summary>
/// Where stages search a projected residual, the projection of the residual is z_m = W_m x + b_m − Σ_{i&lt;m} (M_mi e_i + v_mi), with
/// M_mi = W_m Wout_i and v_mi = W_m bout_i, e_i the raw codeword of stage i. These small matrices take the place of the residual: the frame is
/// projected once for all stages, and no stage touches the residual's many dimensions again.
/// </summary>
internal sealed unsafe class StageCouplings
{
    private readonly AlignedBuffer<double>?[,] _couplings;
    private readonly double[] _magnitudes;

    public StageCouplings(Stage[] stages)
    {
        _couplings = new AlignedBuffer<double>?[stages.Length, stages.Length];
        _magnitudes = [.. stages.Select(stage => stage.InputProjection is null ? 0 : Math.Sqrt(stage.InputProjection.Bias.ToArray().Sum(value => (double)value * value)))];
        for (var earlier = 0; earlier < stages.Length; earlier++)
        {
            var (columns, bias) = OutputColumns(stages[earlier]);
            for (var later = earlier + 1; later < stages.Length; later++)
            {
                var coupling = Couple(columns, bias, stages[earlier].Codebook.Dimensions, stages[later]);
                _couplings[earlier, later] = coupling;
                _magnitudes[later] += Math.Sqrt(Squares(coupling.Span)) * (1 + LargestNorm(stages[earlier].Codebook));
            }
        }
    }

    /// <summary>
    /// [D_earlier + 1, padded D_later] in binary64: v first, then the columns of M. Each entry is a ⟨·,·⟩ of the definition.
    /// </summary>
    public double* this[int earlier, int later] => _couplings[earlier, later]!.Pointer;

    /// <summary>A bound of ‖b_m‖ + Σ_{i&lt;m} ‖M_mi e_i + v_mi‖ over all codes, and of the sums on the way to it.</summary>
    public double Magnitude(int stage) => _magnitudes[stage] * 1.01;

    private static double Squares(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (var value in values)
        {
            sum += value * value;
        }

        return sum;
    }

    /// <summary>The largest sum of magnitudes in a codeword, which bounds its norm.</summary>
    private static double LargestNorm(Codebook codebook)
    {
        double largest = 0;
        for (var code = 0; code < codebook.Size; code++)
        {
            double sum = 0;
            foreach (var value in codebook[code])
            {
                sum += Math.Abs(value);
            }

            largest = Math.Max(largest, sum);
        }

        return largest;
    }

    private static AlignedBuffer<double> Couple(AlignedBuffer<float> columns, AlignedBuffer<float> bias, int codeDimensions, Stage later)
    {
        var stride = Definition.PaddedLength(later.Dimensions);
        var outputs = later.Codebook.Dimensions;
        var padded = Definition.PaddedLength(outputs);
        var result = new AlignedBuffer<double>((long)(codeDimensions + 1) * padded);
        var row = new AlignedBuffer<float>(stride);
        for (var output = 0; output < outputs; output++)
        {
            InputRow(later, output, row.Span);
            result.Pointer[output] = Lanes.Dot(row.Pointer, bias.Pointer, stride);
            for (var i = 0; i < codeDimensions; i++)
            {
                result.Pointer[((nint)(i + 1) * padded) + output] = Lanes.Dot(row.Pointer, columns.Pointer + ((nint)i * stride), stride);
            }
        }

        GC.KeepAlive(row);
        GC.KeepAlive(columns);
        GC.KeepAlive(bias);
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

    /// <summary>The columns of Wout, padded, or of the identity where the stage has no output projection; and its bias.</summary>
    private static (AlignedBuffer<float> Columns, AlignedBuffer<float> Bias) OutputColumns(Stage stage)
    {
        var inputs = stage.Codebook.Dimensions;
        var stride = Definition.PaddedLength(stage.Dimensions);
        var columns = new AlignedBuffer<float>((long)inputs * stride);
        var bias = new AlignedBuffer<float>(stride);
        for (var i = 0; i < inputs; i++)
        {
            for (var output = 0; output < stage.Dimensions; output++)
            {
                columns.Pointer[((nint)i * stride) + output] = stage.OutputProjection is { } projection ? projection.Weight[(output * inputs) + i] : i == output ? 1 : 0;
            }
        }

        stage.OutputProjection?.Bias.CopyTo(bias.Span);
        return (columns, bias);
    }
}
