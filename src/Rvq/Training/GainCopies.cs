namespace Rvq.Training;

/// <summary>
/// Copies of frames with random gains about the mean frame, so that few loud frames do not decide alone where codewords for loud frames
/// lie.
/// </summary>
internal static class GainCopies
{
    /// <summary>
    /// The frames, followed by <paramref name="copies"/> copies of all of them. A copy depends on its frame alone, wherever the frame
    /// lies.
    /// </summary>
    /// <param name="frames">[T, D].</param>
    /// <param name="mean">The mean frame, [D].</param>
    /// <param name="copies">The copies, at least 1.</param>
    /// <param name="spread">The standard deviation of the gains' natural logarithm.</param>
    /// <param name="seed">Draws the gains, with the frames' values.</param>
    public static float[] Append(float[] frames, double[] mean, int copies, double spread, ulong seed)
    {
        var dimensions = mean.Length;
        var result = new float[frames.Length * (1 + copies)];
        frames.CopyTo(result, 0);
        for (var row = frames.Length; row < result.Length; row += dimensions)
        {
            var frame = frames.AsSpan(row % frames.Length, dimensions);
            var copy = (ulong)(row / frames.Length);
            var gain = Exponential(spread * Normal(new SeededRandom(RowHash.Mix(RowHash.Of(frame), seed + copy))));
            for (var i = 0; i < dimensions; i++)
            {
                // A gain that would leave float32 leaves the value as it is.
                var value = (float)(mean[i] + gain * (frame[i] - mean[i]));
                result[row + i] = float.IsFinite(value) ? value : frame[i];
            }
        }

        return result;
    }

    // Near enough to a normal and to an exponential, and made of operations that are exact or correctly rounded, so the same on every
    // machine.
    private static double Normal(SeededRandom random)
    {
        var sum = -6.0;
        for (var i = 0; i < 12; i++)
        {
            sum += random.NextDouble();
        }

        return sum;
    }

    private static double Exponential(double x)
    {
        var result = 1 + x / (1 << 20);
        for (var i = 0; i < 20; i++)
        {
            result *= result;
        }

        return result;
    }
}
