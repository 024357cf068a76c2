using System.Numerics.Tensors;

namespace Rvq;

/// <summary>Checks shared by the public edge.</summary>
internal static class Argument
{
    /// <summary>Refuses NaN and infinity, naming the row and the position in it.</summary>
    public static void ThrowIfNotFinite(ReadOnlySpan<float> values, int rowLength, string name, string row)
    {
        if (TensorPrimitives.IsFiniteAll(values))
        {
            return;
        }

        var index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        throw new ArgumentException(
            $"{name} holds {values[index]} at {row} {index / rowLength}, dimension {index % rowLength}; every value must be finite.", name);
    }
}
