using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Cases for tests between guard pages: lengths around every multiple that a loop is unrolled by, at both ends.</summary>
internal static class GuardCases
{
    public static readonly int[] Sizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 130];

    public static readonly bool[] Ends = [false, true];

    /// <summary>Codebooks of every size and dimension, right behind a guard page and right before one.</summary>
    public static IEnumerable<(bool AtEnd, int Size, int Dimensions)> Codebooks()
        => from atEnd in Ends from size in Sizes from dimensions in Sizes select (atEnd, size, dimensions);

    /// <summary>Padded rows of every length, likewise.</summary>
    public static IEnumerable<(bool AtEnd, int Length)> Rows()
        => from atEnd in Ends from length in Sizes.Select(Definition.PaddedLength).Distinct() select (atEnd, length);

    /// <summary>Rows of a length, each padded with zeros.</summary>
    public static float[] Padded(float[] rows, int length)
    {
        var stride = Definition.PaddedLength(length);
        var padded = new float[rows.Length / length * stride];
        for (var i = 0; i < rows.Length; i++)
        {
            padded[(i / length * stride) + (i % length)] = rows[i];
        }

        return padded;
    }
}
