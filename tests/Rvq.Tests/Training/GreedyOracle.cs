namespace Rvq.Tests.Training;

/// <summary>A quantizer in binary64, slow and plain, to measure models with.</summary>
internal static class GreedyOracle
{
    public static double Error(RvqModel model, float[] frames)
    {
        var total = 0.0;
        var (dimensions, count) = (model.Dimensions, frames.Length / model.Dimensions);
        for (var frame = 0; frame < count; frame++)
        {
            var residual = frames.AsSpan(frame * dimensions, dimensions).ToArray();
            foreach (var stage in model.Stages)
            {
                var (best, nearest) = (0, double.PositiveInfinity);
                for (var code = 0; code < stage.Codebook.Size; code++)
                {
                    var distance = 0.0;
                    var codeword = stage.Codebook[code];
                    for (var i = 0; i < dimensions; i++)
                    {
                        distance += ((double)residual[i] - codeword[i]) * ((double)residual[i] - codeword[i]);
                    }

                    (best, nearest) = distance < nearest ? (code, distance) : (best, nearest);
                }

                for (var i = 0; i < dimensions; i++)
                {
                    residual[i] -= stage.Codebook[best][i];
                }
            }

            total += residual.Sum(value => (double)value * value);
        }

        return total / count;
    }
}
