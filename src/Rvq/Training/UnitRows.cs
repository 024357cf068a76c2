namespace Rvq.Training;

/// <summary>Vectors of length 1, as vector-quantize-pytorch makes them for cosine codebooks.</summary>
internal static class UnitRows
{
    private const double Smallest = 1e-6;

    /// <summary>x / max(‖x‖, 1e-6), in binary64 in the order of the dimensions and rounded once; may be done in place.</summary>
    /// <returns>max(‖x‖, 1e-6).</returns>
    public static double Normalize(ReadOnlySpan<float> values, Span<float> unit)
    {
        var squares = 0.0;
        foreach (double value in values)
        {
            squares += value * value;
        }

        var length = Math.Max(Math.Sqrt(squares), Smallest);
        for (var i = 0; i < values.Length; i++)
        {
            unit[i] = (float)(values[i] / length);
        }

        return length;
    }
}
