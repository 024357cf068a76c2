using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>
/// The first rows of a shard along the principal axes, sorted by the variance that is left along each: the first few columns are a coarse
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
        Array.Sort(
            _order, (x, y) => variances[y].CompareTo(variances[x]) is var byVariance && byVariance != 0 ? byVariance : x.CompareTo(y));
    }

    /// <summary>Some rows in the first <paramref name="width"/> columns, to [count, width].</summary>
    public void CopyRows(int first, int count, int width, float[] columns) => CopyColumns(_rows, first, count, width, columns);

    /// <summary>Codewords in the first <paramref name="width"/> columns, [K, width].</summary>
    public float[] Codewords(float[] codewords, int width)
    {
        var count = codewords.Length / _dimensions;
        var columns = new float[count * width];
        CopyColumns(Rotate(codewords, count), 0, count, width, columns);
        return columns;
    }

    /// <summary>
    /// Subtracts every row's codeword from it; differs from rotated residuals by rounding alone, and alike in every process.
    /// </summary>
    public void Subtract(float[] codewords, int[] codes)
        => Shard.Subtract(
            _rows, Rotate(codewords, codewords.Length / _dimensions), codes, _dimensions, _rows.Length / _dimensions, _threads);

    private float[] Rotate(float[] rows, int count)
    {
        var rotated = new float[count * _dimensions];
        Threads.ForRows(count, _threads, (start, end) =>
        {
            var row = start;
            for (; row < end - 3; row += 4)
            {
                RotateFour(rows.AsSpan(row * _dimensions, 4 * _dimensions), rotated.AsSpan(row * _dimensions, 4 * _dimensions));
            }

            for (; row < end; row++)
            {
                RotateOne(rows.AsSpan(row * _dimensions, _dimensions), rotated.AsSpan(row * _dimensions, _dimensions), 0);
            }
        });
        return rotated;
    }

    // Products are added in the order of the dimensions and not fused, so that sums are the same on every machine.
    [MethodImpl(InnerLoop.Options)]
    private void RotateFour(ReadOnlySpan<float> rows, Span<float> rotated)
    {
        var (second, third, fourth) = (_dimensions, 2 * _dimensions, 3 * _dimensions);
        var column = 0;
        for (; column <= _dimensions - 8; column += 8)
        {
            Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
            for (var i = 0; i < _dimensions; i++)
            {
                var axes = Vector256.Create(_axes.AsSpan((i * _dimensions) + column, 8));
                a += axes * rows[i];
                b += axes * rows[second + i];
                c += axes * rows[third + i];
                d += axes * rows[fourth + i];
            }

            a.CopyTo(rotated[column..]);
            b.CopyTo(rotated[(second + column)..]);
            c.CopyTo(rotated[(third + column)..]);
            d.CopyTo(rotated[(fourth + column)..]);
        }

        for (var row = 0; row < rows.Length; row += _dimensions)
        {
            RotateOne(rows.Slice(row, _dimensions), rotated.Slice(row, _dimensions), column);
        }
    }

    private void RotateOne(ReadOnlySpan<float> row, Span<float> rotated, int firstColumn)
    {
        for (var column = firstColumn; column < row.Length; column++)
        {
            var sum = 0f;
            for (var i = 0; i < row.Length; i++)
            {
                sum += _axes[(i * row.Length) + column] * row[i];
            }

            rotated[column] = sum;
        }
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

    private void CopyColumns(float[] rows, int first, int count, int width, float[] columns)
        => Threads.ForRows(count, _threads, (start, end)
            => CopyColumns(rows.AsSpan((first + start) * _dimensions), columns.AsSpan(start * width, (end - start) * width), width));

    [MethodImpl(InnerLoop.Options)]
    private void CopyColumns(ReadOnlySpan<float> rows, Span<float> columns, int width)
    {
        var order = _order.AsSpan(0, width);
        for (; !columns.IsEmpty; columns = columns[width..], rows = rows[_dimensions..])
        {
            for (var i = 0; i < order.Length; i++)
            {
                columns[i] = rows[order[i]];
            }
        }
    }
}
