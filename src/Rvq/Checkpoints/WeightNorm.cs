namespace Rvq.Checkpoints;

/// <summary>Folds PyTorch's weight norm into plain weights.</summary>
internal static class WeightNorm
{
    /// <summary>w = v · g / ‖v‖ for each output row, in binary64 and rounded once to float32.</summary>
    /// <param name="weight">v, row-major [outputs, inputs]; overwritten with w.</param>
    /// <param name="gain">g, one per output.</param>
    /// <param name="tensor">Where v comes from, for the message.</param>
    public static void Fold(Span<float> weight, ReadOnlySpan<float> gain, TensorEntry tensor)
    {
        var inputs = weight.Length / gain.Length;
        for (var output = 0; output < gain.Length; output++)
        {
            var row = weight.Slice(output * inputs, inputs);
            var squares = 0.0;
            foreach (var value in row)
            {
                squares += (double)value * value;
            }

            if (squares == 0)
            {
                throw tensor.Invalid($"has a row {output} of length 0, which weight norm cannot scale.");
            }

            var norm = Math.Sqrt(squares);
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = (float)((double)row[i] * gain[output] / norm);
            }
        }
    }
}
