namespace Rvq.Search;

/// <summary>
/// Scales vectors to length 1: the codewords of a cosine search, the residuals of <see cref="SearchMetric.NormalizedEuclidean"/>.
/// </summary>
internal static unsafe class UnitLength
{
    // The eps of PyTorch's normalize.
    private const double MinNorm = 1e-12;

    /// <summary>
    /// v / max(‖v‖, 10⁻¹²): ‖v‖² summed as <see cref="Definition"/> sums it, divided in binary64 and rounded once. Both vectors are padded;
    /// they may be the same.
    /// </summary>
    public static void Scale(float* vector, float* destination, int paddedLength)
    {
        var norm = Math.Max(Math.Sqrt(WidestSums.Dot(vector, vector, paddedLength)), MinNorm);
        for (var i = 0; i < paddedLength; i++)
        {
            destination[i] = (float)(vector[i] / norm);
        }
    }
}
