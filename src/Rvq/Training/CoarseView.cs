using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The residuals along the principal axes, sorted by the variance that is left along each: the first few columns are a coarse view of
/// them. k-means that begins with one column and takes in more with every iteration ends in a better codebook than k-means in all
/// dimensions at once (as faiss's progressive dimensions do), and in one that over-fits less.
/// </summary>
internal sealed class CoarseView
{
    /// <summary>The largest number of dimensions for which axes are worth finding.</summary>
    public const int MaxDimensions = 1024;

    private readonly int _dimensions;
    private readonly int _threads;
    private readonly float[] _axes;
    private readonly float[] _residuals;

    /// <param name="residuals">[T, D].</param>
    /// <param name="axes">Axes as columns, [D, D], in any order.</param>
    /// <param name="dimensions">D.</param>
    /// <param name="threads">The threads to use.</param>
    public CoarseView(float[] residuals, float[] axes, int dimensions, int threads)
    {
        _dimensions = dimensions;
        _threads = threads;
        _axes = [.. axes];
        _residuals = Rotate(residuals, axes);
        var order = Enumerable.Range(0, dimensions).ToArray();
        Array.Sort(Variances(_residuals), order);
        Array.Reverse(order);
        Reorder(_axes, order);
        Reorder(_residuals, order);
    }

    /// <summary>Whether every value stayed within float32 when it was rotated.</summary>
    public bool IsFinite => TensorPrimitives.IsFiniteAll<float>(_residuals);

    /// <summary>The residuals in the first <paramref name="width"/> columns, [T, width].</summary>
    public float[] Residuals(int width) => FirstColumns(_residuals, width);

    /// <summary>Codewords in the first <paramref name="width"/> columns, [K, width].</summary>
    public float[] Codewords(float[] codewords, int width) => FirstColumns(Rotate(codewords, _axes), width);

    private float[] Rotate(float[] rows, float[] axes)
    {
        var rotated = new float[rows.Length];
        Threads.ForRows(rows.Length / _dimensions, _threads, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var sum = rotated.AsSpan(row * _dimensions, _dimensions);
                for (var i = 0; i < _dimensions; i++)
                {
                    // Not fused, so that it is the same on every machine.
                    TensorPrimitives.MultiplyAdd(axes.AsSpan(i * _dimensions, _dimensions), rows[row * _dimensions + i], sum, sum);
                }
            }
        });
        return rotated;
    }

    private double[] Variances(float[] rows)
    {
        var (sums, squares) = (new double[_dimensions], new double[_dimensions]);
        for (var start = 0; start < rows.Length; start += _dimensions)
        {
            var row = rows.AsSpan(start, _dimensions);
            for (var i = 0; i < row.Length; i++)
            {
                sums[i] += row[i];
                squares[i] += (double)row[i] * row[i];
            }
        }

        var count = rows.Length / _dimensions;
        return [.. squares.Select((square, i) => square - sums[i] / count * sums[i])];
    }

    private void Reorder(float[] rows, int[] order) => Threads.ForRows(rows.Length / _dimensions, _threads, (start, end) =>
    {
        var before = new float[_dimensions];
        for (var row = start * _dimensions; row < end * _dimensions; row += _dimensions)
        {
            rows.AsSpan(row, _dimensions).CopyTo(before);
            for (var i = 0; i < order.Length; i++)
            {
                rows[row + i] = before[order[i]];
            }
        }
    });

    private float[] FirstColumns(float[] rows, int width)
    {
        var columns = new float[rows.Length / _dimensions * width];
        for (var (from, to) = (0, 0); from < rows.Length; from += _dimensions, to += width)
        {
            rows.AsSpan(from, width).CopyTo(columns.AsSpan(to));
        }

        return columns;
    }
}
