using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The early rows of a shard along the principal axes, sorted by the variance that is left along each: the first few columns are a coarse
/// view of them. k-means that begins with one column and takes in more with every iteration ends in a better codebook than k-means in all
/// dimensions at once (as faiss's progressive dimensions do), and in one that over-fits less.
/// </summary>
internal sealed class CoarseView
{
    /// <summary>The largest number of dimensions for which axes are worth finding.</summary>
    public const int MaxDimensions = 1024;

    /// <summary>The largest magnitude of a value that can be rotated many times without leaving float32.</summary>
    public const float MaxMagnitude = 1e30f;

    private readonly int _dimensions;
    private readonly int _threads;
    private readonly float[] _axes;
    private readonly float[] _rows;
    private readonly int[] _order;

    /// <param name="rows">Rows, [T, D] or longer.</param>
    /// <param name="count">The rows to look at, T.</param>
    /// <param name="axes">Axes as columns, [D, D], in any order.</param>
    /// <param name="dimensions">D.</param>
    /// <param name="threads">The threads to use.</param>
    public CoarseView(float[] rows, int count, float[] axes, int dimensions, int threads)
    {
        _dimensions = dimensions;
        _threads = threads;
        _axes = axes;
        _rows = Rotate(rows, count);
        _order = [.. Enumerable.Range(0, dimensions)];
    }

    /// <summary>Sorts the axes by the variance of these rows along each.</summary>
    /// <param name="sample">[S, D], at least one.</param>
    public void SortAxes(ReadOnlySpan<float> sample)
    {
        var rows = Rotate(sample.ToArray(), sample.Length / _dimensions);
        var variances = Variances(rows);
        Array.Sort(_order, (x, y) => variances[y].CompareTo(variances[x]) is var byVariance && byVariance != 0 ? byVariance : x.CompareTo(y));
    }

    /// <summary>The rows in the first <paramref name="width"/> columns, [T, width].</summary>
    public float[] Rows(int width) => FirstColumns(_rows, width);

    /// <summary>Codewords in the first <paramref name="width"/> columns, [K, width].</summary>
    public float[] Codewords(float[] codewords, int width) => FirstColumns(Rotate(codewords, codewords.Length / _dimensions), width);

    /// <summary>
    /// Subtracts every row's codeword from it; differs from rotated residuals by rounding alone, and alike in every process.
    /// </summary>
    public void Subtract(float[] codewords, int[] codes)
        => Shard.Subtract(_rows, Rotate(codewords, codewords.Length / _dimensions), codes, _dimensions, _rows.Length / _dimensions, _threads);

    private float[] Rotate(float[] rows, int count)
    {
        var rotated = new float[count * _dimensions];
        Threads.ForRows(count, _threads, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var sum = rotated.AsSpan(row * _dimensions, _dimensions);
                for (var i = 0; i < _dimensions; i++)
                {
                    // Not fused, so that it is the same on every machine.
                    TensorPrimitives.MultiplyAdd(_axes.AsSpan(i * _dimensions, _dimensions), rows[(row * _dimensions) + i], sum, sum);
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
        return [.. squares.Select((square, i) => square - (sums[i] / count * sums[i]))];
    }

    private float[] FirstColumns(float[] rows, int width)
    {
        var count = rows.Length / _dimensions;
        var columns = new float[count * width];
        var order = _order.AsSpan(0, width).ToArray();
        Threads.ForRows(count, _threads, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var from = rows.AsSpan(row * _dimensions, _dimensions);
                var to = columns.AsSpan(row * width, width);
                for (var i = 0; i < to.Length; i++)
                {
                    to[i] = from[order[i]];
                }
            }
        });
        return columns;
    }
}
