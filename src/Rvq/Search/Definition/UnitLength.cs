namespace Rvq.Search;

/// <summary>Scales vectors to length 1: the codewords of a cosine search, the residuals of <see cref="SearchMetric.NormalizedEuclidean"/>.</summary>
internal static unsafe class UnitLength
{
    // What PyTorch's normalize divides by at least.
    private const double LeastNorm = 1e-12;

    /// <summary>v / max(‖v‖, 1e-12), ‖v‖² summed as <see cref="Definition"/> has it, divided in binary64 and rounded once; padded, in place where both are the same.</summary>
    public static void Scale(float* vector, float* destination, int paddedLength)
    {
        var norm = Math.Max(Math.Sqrt(WidestSums.Dot(vector, vector, paddedLength)), LeastNorm);
        for (var i = 0; i < paddedLength; i++)
        {
            destination[i] = (float)(vector[i] / norm);
        }
    }
}
