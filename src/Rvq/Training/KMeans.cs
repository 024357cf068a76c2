namespace Rvq.Training;

/// <summary>Lloyd's k-means for one stage: assign by the package's own search, average in binary64, split the cluster with the largest error for every empty one.</summary>
internal sealed class KMeans(float[] residuals, CoarseView? view, int dimensions, int size, int threads, CancellationToken cancellation)
{
    private readonly int[] _codes = new int[residuals.Length / dimensions];
    private readonly Clusters _clusters = new(size, residuals.Length / dimensions);
    private readonly float[] _codewords = new float[size * dimensions];
    private readonly double[] _errors = new double[size];

    /// <summary>The codes of the last assignment.</summary>
    public ReadOnlySpan<int> Codes => _codes;

    /// <summary>The squared error per frame at the last assignment.</summary>
    public double Error { get; private set; }

    /// <summary>Trains a codebook; afterwards <see cref="Codes"/> and <see cref="Error"/> are those of the codebook returned.</summary>
    /// <param name="iterations">The largest number of iterations.</param>
    /// <param name="start">Where the first codewords come from.</param>
    /// <param name="random">Draws the first codewords and the splits.</param>
    /// <param name="report">Gets the iterations done and the error before the last update.</param>
    public Codebook Train(int iterations, CodebookInitialization start, SeededRandom random, Action<int, double> report)
    {
        Start(start, random);
        Array.Fill(_codes, -1);
        for (var iteration = 1; iteration <= iterations; iteration++)
        {
            var width = view is null ? dimensions : Width(iteration, iterations);
            if (!Assign(width) && width == dimensions)
            {
                break;
            }

            Average();
            FillEmpty(random);
            report(iteration, Error);
        }

        Assign(dimensions);
        return new Codebook(_codewords, dimensions);
    }

    // Three fifths of the iterations widen the view, by one factor each; the rest see all dimensions.
    private int Width(int iteration, int iterations)
    {
        var widening = Math.Max(1, iterations * 3 / 5);
        return iteration >= widening ? dimensions : (int)Math.Ceiling(Math.Pow(dimensions, (double)iteration / widening) - 1e-9);
    }

    private void Start(CodebookInitialization start, SeededRandom random)
    {
        var frames = start == CodebookInitialization.PlusPlus
            ? PlusPlus.Draw(residuals, dimensions, size, random, threads, cancellation)
            : random.Distinct(_codes.Length, size);
        for (var code = 0; code < size; code++)
        {
            Row(residuals, frames[code]).CopyTo(Row(_codewords, code));
        }
    }

    // In the first columns of the coarse view, or in all dimensions of the residuals themselves.
    private bool Assign(int width)
    {
        var before = _codes.AsSpan().ToArray();
        var (inputs, codewords) = width == dimensions ? (residuals, _codewords) : (view!.Residuals(width), view.Codewords(_codewords, width));
        Assignment.Nearest(inputs, new Codebook(codewords, width), _codes, threads, cancellation);
        _clusters.Sort(_codes);
        Threads.For(size, threads, code => _errors[code] = ErrorOf(code));
        Error = _errors.Sum() / _codes.Length;
        return !before.AsSpan().SequenceEqual(_codes);
    }

    private void Average() => Threads.For(size, threads, code =>
    {
        var members = _clusters[code];
        if (members.IsEmpty)
        {
            return;
        }

        var sums = new double[dimensions];
        foreach (var frame in members)
        {
            var residual = Row(residuals, frame);
            for (var i = 0; i < sums.Length; i++)
            {
                sums[i] += residual[i];
            }
        }

        var codeword = Row(_codewords, code);
        for (var i = 0; i < sums.Length; i++)
        {
            codeword[i] = (float)(sums[i] / members.Length);
        }
    });

    // An empty cluster takes a member of the cluster with the largest error, drawn by its squared distance from the mean; the next
    // assignment then splits that cluster between the two.
    private void FillEmpty(SeededRandom random)
    {
        for (var code = 0; code < size; code++)
        {
            if (_clusters[code].IsEmpty)
            {
                cancellation.ThrowIfCancellationRequested();
                var largest = Array.IndexOf(_errors, _errors.Max());
                if (_errors[largest] == 0)
                {
                    return;
                }

                var members = _clusters[largest];
                var target = random.NextDouble() * ErrorOf(largest);
                var picked = 0;
                while (picked < members.Length - 1 && (target -= SquaredDistance.Between(Row(residuals, members[picked]), Row(_codewords, largest))) >= 0)
                {
                    picked++;
                }

                Row(residuals, members[picked]).CopyTo(Row(_codewords, code));
                _errors[largest] /= 2;
            }
        }
    }

    private double ErrorOf(int code)
    {
        var error = 0.0;
        foreach (var frame in _clusters[code])
        {
            error += SquaredDistance.Between(Row(residuals, frame), Row(_codewords, code));
        }

        return error;
    }

    private Span<float> Row(float[] rows, int row) => rows.AsSpan(row * dimensions, dimensions);
}
