namespace Rvq.Tests.Reference;

/// <summary>
/// The arithmetic of one stack written out in binary64: what is left of a frame after given codes, and how far a codeword is from it.
/// </summary>
internal static class ForcedPrefix
{
    /// <summary>The residual before stage <paramref name="stage"/> when the stages before it have the given codes.</summary>
    public static float[] Residual(ResidualStack stack, ReadOnlySpan<float> frame, ReadOnlySpan<int> codes, int stage)
    {
        var residual = stack.InputProjection is { } input
            ? Array.ConvertAll(Project(input, frame), value => (float)value)
            : frame.ToArray();
        for (var i = 0; i < stage; i++)
        {
            var codeword = stack.Stages[i].Codebook[codes[i]];
            var output = stack.Stages[i].OutputProjection is { } projection
                ? Array.ConvertAll(Project(projection, codeword), value => (float)value)
                : codeword.ToArray();
            for (var d = 0; d < residual.Length; d++)
            {
                residual[d] -= output[d];
            }
        }

        return residual;
    }

    /// <summary>The squared distance, or the negative cosine, between a residual and a codeword.</summary>
    public static double Distance(Stage stage, ReadOnlySpan<float> residual, int code)
    {
        var z = stage.InputProjection is { } input
            ? Project(input, residual)
            : Array.ConvertAll(residual.ToArray(), value => (double)value);
        var codeword = Array.ConvertAll(stage.Codebook[code].ToArray(), value => (double)value);
        return stage.Metric == SearchMetric.Euclidean
            ? z.Zip(codeword, (a, b) => (a - b) * (a - b)).Sum()
            : -z.Zip(codeword, (a, b) => a * b).Sum() / Length(codeword) / Length(z);
    }

    private static double Length(double[] vector) => Math.Max(Math.Sqrt(vector.Sum(value => value * value)), 1e-12);

    private static double[] Project(Projection projection, ReadOnlySpan<float> vector)
    {
        var result = new double[projection.Outputs];
        for (var o = 0; o < result.Length; o++)
        {
            result[o] = projection.Bias.IsEmpty ? 0 : projection.Bias[o];
            for (var i = 0; i < projection.Inputs; i++)
            {
                result[o] += (double)projection.Weight[(o * projection.Inputs) + i] * vector[i];
            }
        }

        return result;
    }
}
