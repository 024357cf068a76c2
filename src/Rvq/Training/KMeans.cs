namespace Rvq.Training;

/// <summary>
/// Lloyd's k-means for one codebook, over the rows of one process, step by step: every process measures its rows, the statistics are
/// added, and
/// every process applies the sum. Assigns by the package's own search; what is added is exact, so the outcome depends on the rows alone.
/// </summary>
/// <remarks>
/// Early iterations look at part of the rows and through a coarse view; the last one, and the assignment at the end, at all there is.
/// </remarks>
internal sealed class KMeans
{
    private readonly Shard _shard;
    private readonly CoarseView? _view;
    private readonly int _dimensions;
    private readonly int _size;
    private readonly Schedule _schedule;
    private readonly KMeansContext _context;
    private readonly Clusters _clusters;
    private int[] _before;
    private int[] _codes;

    /// <param name="shard">The rows.</param>
    /// <param name="view">A coarse view of the early rows, or null to see all dimensions from the start.</param>
    /// <param name="first">The first codewords, [K, D]; taken over.</param>
    /// <param name="schedule">What the iterations look at.</param>
    /// <param name="context">Seed, threads and cancellation.</param>
    public KMeans(Shard shard, CoarseView? view, float[] first, Schedule schedule, KMeansContext context)
    {
        _shard = shard;
        _view = view;
        _schedule = schedule;
        (_size, _dimensions) = (schedule.Size, schedule.Dimensions);
        _context = context;
        _clusters = new Clusters(_size, Assignment.ChunkRows);
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

    /// <summary>Assigns the rows to the codewords as they are. Gives the same until <see cref="Apply"/>.</summary>
    public KMeansStatistics Measure()
    {
        var (count, width) = (_shard.Part(_schedule.Share(Iteration + 1)), _schedule.Width(Iteration + 1));
        _before.AsSpan(count).CopyTo(_codes.AsSpan(count));
        var view = width < _dimensions ? _view : null;
        var codebook = new Codebook(view is null ? Codewords : view.Codewords(Codewords, width), width);
        var assignment = new Assignment(codebook, SearchMetric.Euclidean, _context.Threads);
        var columns = new float[view is null ? 0 : Math.Min(count, Assignment.ChunkRows) * width];
        var statistics = new KMeansStatistics(_size, _dimensions, withDonors: true) { Rows = count };
        var salt = _context.Seed + (ulong)Iteration;
        for (var first = 0; first < count; first += Assignment.ChunkRows)
        {
            _context.Cancellation.ThrowIfCancellationRequested();
            var rows = Math.Min(Assignment.ChunkRows, count - first);
            var codes = _codes.AsSpan(first, rows);
            view?.CopyRows(first, rows, width, columns);
            assignment.Nearest(
                view is null ? _shard.Residuals.AsSpan(first * width, rows * width) : columns.AsSpan(0, rows * width), codes);
            _clusters.Sort(codes, first);
            statistics.Gather(_clusters, _shard.Residuals, Codewords, _context.Threads, _shard.Hashes, salt);
            statistics.Changed += CountChanges(codes, _before.AsSpan(first, rows));
        }

        return statistics;
    }

    /// <summary>
    /// Takes the statistics of all processes: codewords become the means, and empty clusters take a row of those with the largest errors.
    /// </summary>
    public void Apply(KMeansStatistics total)
    {
        (_before, _codes) = (_codes, _before);
        Error = total.Error / total.Rows;
        var converged = total.Changed == 0 && _schedule.Width(Iteration + 1) == _dimensions;
        if (Iteration == _schedule.Iterations || (converged && _schedule.Share(Iteration + 1) >= 1))
        {
            IsFinished = true;
            return;
        }

        Average(total);
        FillEmpty(total);
        Counts = total.Counts;
        Iteration++;
        while (converged && _schedule.Share(Iteration + 1) == _schedule.Share(Iteration))
        {
            Iteration++; // more of the same rows would change nothing
        }
    }

    private static int CountChanges(ReadOnlySpan<int> codes, ReadOnlySpan<int> before)
    {
        var changed = 0;
        for (var row = 0; row < codes.Length; row++)
        {
            changed += codes[row] == before[row] ? 0 : 1;
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
