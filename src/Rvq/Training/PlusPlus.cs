namespace Rvq.Training;

/// <summary>The k-means++ start (Arthur and Vassilvitskii 2007).</summary>
internal static class PlusPlus
{
    /// <summary>Draws rows, each with a probability proportional to its squared distance from the nearest row drawn before.</summary>
    public static int[] Draw(float[] residuals, int dimensions, int size, SeededRandom random, int threads, CancellationToken cancellation)
    {
        var nearest = new double[residuals.Length / dimensions];
        Array.Fill(nearest, double.PositiveInfinity);
        var drawn = new int[size];
        drawn[0] = (int)random.Next(nearest.Length);
        for (var code = 1; code < size; code++)
        {
            cancellation.ThrowIfCancellationRequested();
            var last = drawn[code - 1] * dimensions;
            Threads.ForRows(nearest.Length, threads, (start, end) =>
            {
                for (var row = start; row < end; row++)
                {
                    var distance =
                        SquaredDistance.Between(residuals.AsSpan(row * dimensions, dimensions), residuals.AsSpan(last, dimensions));
                    nearest[row] = Math.Min(nearest[row], distance);
                }
            });

            // Where every row has been drawn already, or equals one that has, any row will do.
            var total = nearest.Sum();
            drawn[code] = total > 0 ? Pick(nearest, random.NextDouble() * total) : (int)random.Next(nearest.Length);
        }

        return drawn;
    }

    private static int Pick(double[] weights, double target)
    {
        var picked = 0;
        for (var i = 0; i < weights.Length && target >= 0; i++)
        {
            if (weights[i] > 0)
            {
                target -= weights[i];
                picked = i;
            }
        }

        return picked;
    }
}
