namespace Rvq.Training;

/// <summary>
/// The principal axes of a set of frames, by Jacobi's method in binary64. k-means uses them to look at few dimensions first; an axis that
/// is not quite principal only costs quality, so a sample of the frames will do.
/// </summary>
internal static class PrincipalAxes
{
    private const int MaxSweeps = 12;
    private const double Negligible = 1e-9;

    /// <summary>An orthonormal matrix [D, D] whose column i is an axis: row k holds the k-th component of every axis.</summary>
    public static float[] Find(ReadOnlySpan<float> frames, int dimensions, CancellationToken cancellation)
    {
        var covariance = Covariance(frames, dimensions);
        var axes = new double[dimensions * dimensions];
        for (var i = 0; i < dimensions; i++)
        {
            axes[i * dimensions + i] = 1;
        }

        var rotated = true;
        for (var sweep = 0; rotated && sweep < MaxSweeps; sweep++)
        {
            rotated = false;
            for (var p = 0; p < dimensions - 1; p++)
            {
                cancellation.ThrowIfCancellationRequested();
                for (var q = p + 1; q < dimensions; q++)
                {
                    rotated |= Rotate(covariance, axes, p, q, dimensions);
                }
            }
        }

        var columns = new float[axes.Length];
        for (var i = 0; i < axes.Length; i++)
        {
            columns[i % dimensions * dimensions + i / dimensions] = (float)axes[i];
        }

        return columns;
    }

    private static double[] Covariance(ReadOnlySpan<float> frames, int dimensions)
    {
        var rows = frames.Length / dimensions;
        var mean = new double[dimensions];
        for (var i = 0; i < frames.Length; i++)
        {
            mean[i % dimensions] += (double)frames[i] / rows;
        }

        var covariance = new double[dimensions * dimensions];
        var centred = new double[dimensions];
        for (var start = 0; start < frames.Length; start += dimensions)
        {
            for (var i = 0; i < dimensions; i++)
            {
                centred[i] = frames[start + i] - mean[i];
            }

            for (var i = 0; i < dimensions; i++)
            {
                var factor = centred[i] / rows;
                var products = covariance.AsSpan(i * dimensions, dimensions);
                for (var j = i; j < products.Length; j++)
                {
                    products[j] += factor * centred[j];
                }
            }
        }

        for (var i = 0; i < dimensions; i++)
        {
            for (var j = 0; j < i; j++)
            {
                covariance[i * dimensions + j] = covariance[j * dimensions + i];
            }
        }

        return covariance;
    }

    // Makes the covariance of axes p and q zero; rows p and q are computed and mirrored to the columns.
    private static bool Rotate(double[] covariance, double[] axes, int p, int q, int dimensions)
    {
        var first = covariance.AsSpan(p * dimensions, dimensions);
        var second = covariance.AsSpan(q * dimensions, dimensions);
        var (pp, qq, pq) = (first[p], second[q], first[q]);
        if (Math.Abs(pq) <= Negligible * Math.Sqrt(Math.Abs(pp * qq)))
        {
            return false;
        }

        var slope = (qq - pp) / (2 * pq);
        var tangent = (slope >= 0 ? 1 : -1) / (Math.Abs(slope) + Math.Sqrt(slope * slope + 1));
        var cosine = 1 / Math.Sqrt(tangent * tangent + 1);
        var sine = tangent * cosine;
        Rotate(first, second, cosine, sine);
        Rotate(axes.AsSpan(p * dimensions, dimensions), axes.AsSpan(q * dimensions, dimensions), cosine, sine);
        (first[p], first[q], second[p], second[q]) = (pp - tangent * pq, 0, 0, qq + tangent * pq);
        for (var i = 0; i < dimensions; i++)
        {
            covariance[i * dimensions + p] = first[i];
            covariance[i * dimensions + q] = second[i];
        }

        return true;
    }

    private static void Rotate(Span<double> first, Span<double> second, double cosine, double sine)
    {
        for (var i = 0; i < first.Length; i++)
        {
            (first[i], second[i]) = (cosine * first[i] - sine * second[i], sine * first[i] + cosine * second[i]);
        }
    }
}
