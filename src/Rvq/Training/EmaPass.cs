using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>Encodes rows with codebooks in training and measures them; buffers are kept from batch to batch.</summary>
internal sealed class EmaPass(int dimensions, EmaTrainerOptions options)
{
    private readonly int _stageCount = options.Sizes.Length;
    private float[] _residuals = [];
    private float[] _units = [];
    private float[] _quantized = [];
    private float[] _gradient = [];
    private int[] _column = [];
    private int[] _codes = [];

    /// <summary>The sums of the codewords, [T, D].</summary>
    public ReadOnlySpan<float> Quantized => _quantized;

    /// <summary>The codes, [T, N]; −1 in stages that did not run.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The gradient of the commitment loss, [T, D]; zeros unless it was asked for.</summary>
    public ReadOnlySpan<float> Gradient => _gradient;

    /// <param name="rows">The frames, [T, D], finite.</param>
    /// <param name="books">The codebooks; those without codewords are started.</param>
    /// <param name="statistics">Gets what is measured; its shape says which stages run.</param>
    /// <param name="salt">Chooses the rows that dead codewords may become.</param>
    /// <param name="start">Starts a codebook on a stage's inputs.</param>
    /// <param name="withGradient">Whether the gradient is wanted.</param>
    /// <returns>Whether everything stayed within float32.</returns>
    public bool Encode(ReadOnlySpan<float> rows, EmaCodebook[] books, EmaStatistics statistics, ulong salt,
        Action<EmaCodebook, float[], int> start, bool withGradient)
    {
        var count = rows.Length / dimensions;
        _residuals = rows.ToArray();
        _units = options.Metric == SearchMetric.Cosine ? Resized(_units, rows.Length) : _residuals;
        _quantized = Cleared(_quantized, rows.Length);
        _gradient = Cleared(_gradient, rows.Length);
        _column = Resized(_column, count);
        _codes = Resized(_codes, count * _stageCount);
        Array.Fill(_codes, -1);
        for (var stage = 0; stage < statistics.Stages.Length; stage++)
        {
            var lengths = options.Metric == SearchMetric.Cosine ? Normalize(count) : [];
            var book = books[stage % books.Length];
            if (book.Steps < 0)
            {
                start(book, _units, stage);
            }

            new Assignment(new Codebook(book.Codewords, dimensions), options.Metric, options.MaxDegreeOfParallelism)
                .Nearest(_residuals, _column);
            Measure(statistics, stage, stage % books.Length, book, salt);
            Subtract(stage, book.Codewords, lengths, withGradient
                ? options.Commitment.StageWeight(statistics.Stages.Length) * 2 / rows.Length : 0);
            if (count > 0 && !(TensorPrimitives.IsFiniteAll<float>(_residuals) && TensorPrimitives.IsFiniteAll<float>(_quantized)))
            {
                return false;
            }
        }

        return count == 0 || TensorPrimitives.IsFiniteAll<float>(_gradient);
    }

    private static T[] Resized<T>(T[] buffer, int length) => buffer.Length == length ? buffer : new T[length];

    private static float[] Cleared(float[] buffer, int length)
    {
        var cleared = Resized(buffer, length);
        Array.Clear(cleared);
        return cleared;
    }

    private double[] Normalize(int count)
    {
        var lengths = new double[count];
        for (var row = 0; row < count; row++)
        {
            lengths[row] = UnitRows.Normalize(Row(_residuals, row), Row(_units, row));
        }

        return lengths;
    }

    private void Measure(EmaStatistics statistics, int stage, int bookIndex, EmaCodebook book, ulong salt)
    {
        var clusters = new Clusters(book.Size, _column.Length);
        clusters.Sort(_column, 0);
        var measured = statistics.Stages[stage];
        measured.Rows = _column.Length;
        measured.Gather(clusters, _units, book.Codewords, options.MaxDegreeOfParallelism, [], 0);
        if (statistics.Shape.Candidates[bookIndex] > 0)
        {
            for (var row = 0; row < _column.Length; row++)
            {
                statistics.Candidates[bookIndex].Add(RowHash.Mix(RowHash.Of(Row(_units, row)), salt), Row(_units, row));
            }
        }
    }

    // The gradient of ‖r − q‖² is 2 (r − q); that of ‖r/‖r‖ − q‖² is 2 (⟨u, q⟩ u − q) / ‖r‖ with u = r/‖r‖.
    private void Subtract(int stage, float[] codewords, double[] lengths, double weight)
    {
        weight = stage > 0 && options.Commitment.OnlyFirstStageHasGradient ? 0 : weight;
        Threads.ForRows(_column.Length, options.MaxDegreeOfParallelism, (first, end) =>
        {
            for (var row = first; row < end; row++)
            {
                _codes[(row * _stageCount) + stage] = _column[row];
                var codeword = codewords.AsSpan(_column[row] * dimensions, dimensions);
                TensorPrimitives.Add(Row(_quantized, row), codeword, Row(_quantized, row));
                if (weight != 0 && options.Metric == SearchMetric.Cosine)
                {
                    AddCosineGradient(row, codeword, weight / lengths[row]);
                }

                TensorPrimitives.Subtract(Row(_residuals, row), codeword, Row(_residuals, row));
                if (weight != 0 && options.Metric == SearchMetric.Euclidean)
                {
                    TensorPrimitives.MultiplyAdd(Row(_residuals, row), (float)weight, Row(_gradient, row), Row(_gradient, row));
                }
            }
        });
    }

    private void AddCosineGradient(int row, ReadOnlySpan<float> codeword, double weight)
    {
        var unit = Row(_units, row);
        var gradient = Row(_gradient, row);
        var cosine = 0.0;
        for (var i = 0; i < codeword.Length; i++)
        {
            cosine += (double)unit[i] * codeword[i];
        }

        for (var i = 0; i < codeword.Length; i++)
        {
            gradient[i] += (float)(weight * ((cosine * unit[i]) - codeword[i]));
        }
    }

    private Span<float> Row(float[] rows, int row) => rows.AsSpan(row * dimensions, dimensions);
}
