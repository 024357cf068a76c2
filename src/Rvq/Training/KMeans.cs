namespace Rvq.Training;

/// <summary>
/// Lloyd's k-means for one codebook, over the rows of one process, step by step: every process measures its rows, the statistics are
/// added, and
/// every process applies the sum. Assigns by the package's own search; what is added is exact, so the outcome depends on the rows alone.
/// </summary>
/// <remarks>
/// Early iterations look at part of the rows and through a coarse view; the last ones, and the assignment at the end, at all there is.
/// </remarks>
internal sealed class KMeans
{
    private const int LateIterations = 2;

    private readonly Shard _shard;
    private readonly CoarseView? _view;
    private readonly int _dimensions;
    private readonly int _size;
    private readonly int _iterations;
    private readonly KMeansContext _context;
    private readonly Clusters _clusters;
    private int[] _before;
    private int[] _codes;

    /// <param name="shard">The rows.</param>
    /// <param name="view">A coarse view of the early rows, or null to see all dimensions from the start.</param>
    /// <param name="first">The first codewords, [K, D]; taken over.</param>
    /// <param name="dimensions">D.</param>
    /// <param name="iterations">The largest number of iterations, at least 1.</param>
    /// <param name="context">Seed, threads and cancellation.</param>
    public KMeans(Shard shard, CoarseView? view, float[] first, int dimensions, int iterations, KMeansContext context)
    {
        _shard = shard;
        _view = view;
        _dimensions = dimensions;
        _size = first.Length / dimensions;
        _iterations = iterations;
        _context = context;
        _clusters = new Clusters(_size, shard.Count);
        (_before, _codes) = (new int[shard.Count], new int[shard.Count]);
        Array.Fill(_before, -1);
        Codewords = first;
        Counts = new long[_size];
    }

    /// <summary>The codewords, [K, D].</summary>
    public float[] Codewords { get; }

    /// <summary>The rows that each codeword is the mean of.</summary>
    public long[] Counts { get; private set; }

    /// <summary>The iterations done.</summary>
    public int Iteration { get; private set; }

    /// <summary>The squared error per row at the last assignment.</summary>
    public double Error { get; private set; }

    /// <summary>Whether <see cref="Codes"/> and <see cref="Error"/> are those of <see cref="Codewords"/>.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>The codes of the last assignment that was applied.</summary>
    public int[] Codes => _before;

    /// <summary>
    /// A measure of the work of the iterations first…last, the one after the last being the final assignment, with a share of early rows.
    /// </summary>
    public static double Work(int first, int last, int iterations, int dimensions, bool coarse, double earlyShare)
    {
        var work = 0.0;
        for (var iteration = first; iteration <= last; iteration++)
        {
            work += (IsLate(iteration, iterations) ? 1 : earlyShare) * ((coarse ? Width(iteration, iterations, dimensions) : dimensions) + 16);
        }

        return work;
    }

    /// <summary>Assigns the rows to the codewords as they are. Gives the same until <see cref="Apply"/>.</summary>
    public KMeansStatistics Measure()
    {
        var (count, width) = Scope();
        var codes = _codes.AsSpan(0, count);
        _before.AsSpan(count).CopyTo(_codes.AsSpan(count));
        var narrow = _view is not null && width < _dimensions;
        var inputs = narrow ? _view!.Rows(width) : _shard.Residuals;
        var codebook = new Codebook(narrow ? _view!.Codewords(Codewords, width) : Codewords, width);
        Assignment.Nearest(inputs.AsSpan(0, count * width), codebook, SearchMetric.Euclidean, codes, _context.Threads, _context.Cancellation);
        _clusters.Sort(codes);
        var statistics = new KMeansStatistics(_size, _dimensions, withDonors: true) { Rows = count, Changed = CountChanges(codes) };
        statistics.Gather(_clusters, _shard.Residuals, Codewords, _context.Threads, _shard.Hashes, _context.Seed + (ulong)Iteration);
        return statistics;
    }

    /// <summary>
    /// Takes the statistics of all processes: codewords become the means, and empty clusters take a row of those with the largest errors.
    /// </summary>
    public void Apply(KMeansStatistics total)
    {
        var final = Iteration == _iterations;
        var (_, width) = Scope();
        (_before, _codes) = (_codes, _before);
        Error = total.Error / total.Rows;
        var converged = total.Changed == 0 && width == _dimensions;
        if (final || (converged && (IsLate(Iteration + 1, _iterations) || !_context.HasEarlyPart)))
        {
            IsFinished = true;
            return;
        }

        Average(total);
        FillEmpty(total);
        Counts = total.Counts;
        Iteration = converged ? Math.Max(Iteration + 1, _iterations - LateIterations) : Iteration + 1;
    }

    // Three fifths of the iterations widen the view, by one factor each; the rest see all dimensions.
    private static int Width(int iteration, int iterations, int dimensions)
    {
        var widening = Math.Max(1, iterations * 3 / 5);
        return iteration >= widening ? dimensions : (int)Math.Ceiling(Math.Pow(dimensions, (double)iteration / widening) - 1e-9);
    }

    private static bool IsLate(int iteration, int iterations) => iteration > iterations - LateIterations;

    // The rows and the dimensions that the next assignment looks at.
    private (int Count, int Width) Scope()
    {
        var next = Iteration + 1;
        return (IsLate(next, _iterations) ? _shard.Count : _shard.Early, _view is null ? _dimensions : Width(next, _iterations, _dimensions));
    }

    private long CountChanges(ReadOnlySpan<int> codes)
    {
        var changed = 0L;
        for (var row = 0; row < codes.Length; row++)
        {
            changed += codes[row] == _before[row] ? 0 : 1;
        }

        return changed;
    }

    private void Average(KMeansStatistics total)
    {
        var sums = new double[_dimensions];
        for (var code = 0; code < _size; code++)
        {
            if (total.Counts[code] > 0)
            {
                total.Sums.CopyTo(code, sums);
                var codeword = Codewords.AsSpan(code * _dimensions, _dimensions);
                for (var i = 0; i < codeword.Length; i++)
                {
                    codeword[i] = (float)(sums[i] / total.Counts[code]);
                }

                _context.Normalize(codeword);
            }
        }
    }

    // The next assignment splits each of those clusters between the two codewords.
    private void FillEmpty(KMeansStatistics total)
    {
        var empty = Enumerable.Range(0, _size).Where(code => total.Counts[code] == 0).ToArray();
        var donors = Enumerable.Range(0, _size).Where(total.Donors!.Has).OrderByDescending(code => total.Errors[code]).ThenBy(code => code);
        foreach (var (code, donor) in empty.Zip(donors))
        {
            total.Donors![donor].CopyTo(Codewords.AsSpan(code * _dimensions));
        }
    }
}
