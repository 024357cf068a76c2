using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

/// <summary>
/// A model whose codes are arithmetic: codebook k of N holds −2^(N−1−k)·d and +2^(N−1−k)·d, so the codes of the frame x·d with x odd and
/// |x| &lt; 2^N are the binary digits of (x + 2^N − 1) / 2, and decode to x·d exactly.
/// </summary>
internal static class ArithmeticModel
{
    public const int CodebookCount = 5;
    public static readonly float[] Direction = [1, -2, 5, 3];

    public static int Dimensions => Direction.Length;

    public static RvqModel Create(int codebookCount = CodebookCount)
        => new([.. Enumerable.Range(0, codebookCount).Select(stage => new Codebook(
        [.. new[] { -1, 1 }.SelectMany(sign => Direction.Select(d => sign * (1 << (codebookCount - 1 - stage)) * d))], Dimensions))]);

    /// <summary>The value of a dimension of the frame of a number in [0, 2^N).</summary>
    public static float Frame(int number, int dimension, int codebookCount = CodebookCount)
        => Factor(number, codebookCount) * Direction[dimension];

    /// <summary>x for a number in [0, 2^N).</summary>
    public static float Factor(int number, int codebookCount = CodebookCount) => (2 * number) - (1 << codebookCount) + 1;

    /// <summary>What the first <paramref name="codebooks"/> codes decode to: the middle of the numbers that share them.</summary>
    public static float Decoded(int number, int dimension, int codebooks)
    {
        var left = CodebookCount - codebooks;
        return ((((number >> left) << left) * 2) + (1 << left) - 1 - 31) * Direction[dimension];
    }

    /// <summary>The code of a codebook for a number in [0, 2^N).</summary>
    public static int Code(int number, int codebook, int codebookCount = CodebookCount) => (number >> (codebookCount - 1 - codebook)) & 1;

    /// <summary>Numbers for [batch, count] frames.</summary>
    public static int Number(int batch, int index) => ((batch * 13) + (index * 7) + 3) % 32;

    /// <summary>Writes an array whose value at each place is that of a function.</summary>
    public static void Write(string path, int[] shape, Func<int[], float> value)
    {
        var (index, values) = (new int[shape.Length], new float[shape.Aggregate(1, (product, length) => product * length)]);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(index);
            for (var axis = shape.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        using var stream = File.Create(path);
        NpyWriter.Write(stream, values, shape, NpyElements.Frames[0], TestContext.Current.CancellationToken);
    }
}
