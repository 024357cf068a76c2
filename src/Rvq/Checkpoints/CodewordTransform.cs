namespace Rvq.Checkpoints;

/// <summary>
/// Codebooks that a codec makes of frozen codewords by a linear layer (SimVQ, MagiCodec): the layer is folded into them once.
/// </summary>
internal static class CodewordTransform
{
    // A small file must not fill memory with what a layer of few inputs and many outputs makes.
    private const long MaxValues = 1 << 24;
    private const int MaxGrowth = 4;

    /// <summary>W c + b of every codeword, summed in binary64 in the order of the dimensions and rounded once to float32.</summary>
    /// <exception cref="ArgumentException">The layer has other inputs than the codewords have dimensions.</exception>
    public static Codebook Apply(Codebook codebook, Projection transform)
    {
        if (transform.Inputs != codebook.Dimensions)
        {
            throw new ArgumentException(
                $"The layer over the codewords has {transform.Inputs} inputs, but they have {codebook.Dimensions} dimensions.");
        }

        if ((long)codebook.Size * transform.Outputs > Math.Max(MaxValues, (long)codebook.Size * codebook.Dimensions * MaxGrowth))
        {
            throw new ArgumentException(
                $"The layer over the codewords would make {codebook.Size} of {transform.Outputs} dimensions of those of "
                + $"{codebook.Dimensions}, which is too much.");
        }

        var values = new float[codebook.Size * transform.Outputs];
        for (var code = 0; code < codebook.Size; code++)
        {
            var codeword = codebook[code];
            for (var output = 0; output < transform.Outputs; output++)
            {
                var row = transform.Weight.Slice(output * transform.Inputs, transform.Inputs);
                var sum = transform.Bias.IsEmpty ? 0.0 : transform.Bias[output];
                for (var i = 0; i < row.Length; i++)
                {
                    sum += (double)row[i] * codeword[i];
                }

                values[(code * transform.Outputs) + output] = (float)sum;
            }
        }

        return new Codebook(values, transform.Outputs);
    }
}
