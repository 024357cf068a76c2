using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// One process's part of training a residual quantizer on frames that lie in several: the same steps as <see cref="RvqTrainer"/>, each in
/// two
/// halves. Every process measures its own frames, all exchange their statistics by whatever means they have, and every process applies
/// the sum. All end with
/// the same model, to the last bit that of one process with all frames, however they were shared out and in whatever order sums arrive.
/// </summary>
/// <remarks>
/// <code>
/// var trainer = new ShardTrainer(frames, dimensions, options);     // in every process, with its own frames and the same options
/// while (!trainer.IsFinished)
/// {
///     ShardStatistics total = trainer.Measure();
///     foreach (byte[] bytes in Exchange(total.ToBytes()))          // those of the other processes, in any order
///     {
///         total.Add(bytes);
///     }
///
///     trainer.Apply(total);
/// }
///
/// RvqModel model = trainer.ToModel();
/// </code>
/// A step's statistics take about 30 bytes × codewords × dimensions. <see cref="RvqTrainerOptions.SampleLimit"/> has no effect: all
/// frames given are trained on.
/// Not thread-safe.
/// </remarks>
public sealed class ShardTrainer
{
    private const int AxesRows = 4096;
    private const int MinRowsPerCodeword = 16;
    private const ulong SurveySalt = 0xA3E5;
    private const ulong StartSalt = 0x57A7;

    private readonly int _dimensions;
    private readonly RvqTrainerOptions _options;
    private readonly int[] _sizes;
    private readonly string _name;
    private readonly CancellationToken _cancellation;
    private readonly List<Codebook> _codebooks = [];
    private Shard _shard;
    private float[] _axes = [];
    private CoarseView? _view;
    private long _rows;
    private RowSample? _start;
    private KMeans? _run;
    private KMeans? _best;
    private int _step;
    private int _restart;

    /// <summary>A trainer that has measured nothing yet.</summary>
    /// <param name="frames">This process's frames, row-major [T, D]; they may be none. Every value finite. They are copied.</param>
    /// <param name="dimensions">D, the length of a frame, at least 1.</param>
    /// <param name="options">What to build and how, the same in every process; null for the defaults.</param>
    /// <param name="cancellationToken">Stops a measurement.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> or an option is out of its range.</exception>
    /// <exception cref="ArgumentException">
    /// A length that is not a multiple of <paramref name="dimensions"/>, a value that is not finite, or sizes beyond what an array can
    /// hold.
    /// </exception>
    public ShardTrainer(
        ReadOnlySpan<float> frames, int dimensions, RvqTrainerOptions? options = null, CancellationToken cancellationToken = default)
        : this(Checked(frames, dimensions), dimensions, options ?? new RvqTrainerOptions(), nameof(frames), cancellationToken)
    {
    }

    /// <summary>Takes over the frames, which are known to be finite.</summary>
    internal ShardTrainer(float[] frames, int dimensions, RvqTrainerOptions options, string name, CancellationToken cancellation)
    {
        _dimensions = dimensions;
        _options = options;
        _sizes = options.Sizes(dimensions, nameof(options));
        _name = name;
        _cancellation = cancellation;
        if (frames.Length / dimensions > ExactSums.MaxTerms)
        {
            throw new ArgumentException(
                $"{name} has {frames.Length / dimensions} frames, more than the {ExactSums.MaxTerms} whose sums are exact.", name);
        }

        _shard = new Shard(frames, dimensions, options.MaxDegreeOfParallelism);
    }

    /// <summary>Whether all codebooks are trained.</summary>
    public bool IsFinished => _codebooks.Count == _sizes.Length;

    /// <summary>How far training is; the same in every process.</summary>
    public TrainingProgress Progress { get; private set; }

    private int Size => _sizes[_codebooks.Count];

    private bool IsCoarse => _options.CoarseToFine && _dimensions <= CoarseView.MaxDimensions;

    // The codebook of the initial model that the stage continues from.
    private Codebook? Initial
        => _options.InitialModel is { } model && _codebooks.Count < model.CodebookCount ? model.Stages[_codebooks.Count].Codebook : null;

    private ShardShape Shape
    {
        get
        {
            var capacity = _run is not null ? 0
                : _step == 0 ? Math.Max(AxesRows, 8 * _dimensions) * (IsCoarse ? 1 : 0)
                : Math.Max(Size * StartRowsPerCodeword, IsCoarse ? AxesRows : 0);
            return new ShardShape(_step, _dimensions, _run is null ? 0 : Size, capacity);
        }
    }

    // A sampled start takes every row of the sample; others choose among more.
    private int StartRowsPerCodeword => _options.Initialization == CodebookInitialization.PlusPlus ? 16 : _options.Restarts > 1 ? 4 : 1;

    /// <summary>Measures this process's frames; nothing changes, and a second call gives the same.</summary>
    /// <returns>Statistics to add to those of the other processes.</returns>
    /// <exception cref="InvalidOperationException">Training is finished.</exception>
    /// <exception cref="OperationCanceledException">The constructor's cancellation token was cancelled.</exception>
    public ShardStatistics Measure()
    {
        ThrowIfFinished();
        if (_run is not null)
        {
            return new ShardStatistics(Shape, _run.Measure());
        }

        var salt = _options.Seed ^ (_step == 0 ? SurveySalt : StartSalt + (ulong)_codebooks.Count);
        var rows = _step == 0 ? _shard.Count : _shard.Part(Plan().Share(1));
        var statistics = new ShardStatistics(Shape) { Rows = rows, Sample = _shard.Sample(Shape.SampleCapacity, salt) };
        if (_step == 0)
        {
            statistics.Largest = _shard.Count == 0 ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude<float>(_shard.Residuals));
            for (var row = 0; row < _shard.Count; row++)
            {
                statistics.FrameSums.Add(0, _shard[row]);
            }
        }

        return statistics;
    }

    /// <summary>Takes the step that the statistics of all processes ask for.</summary>
    /// <param name="total">The sum of the statistics of all processes, this one's among them.</param>
    /// <exception cref="InvalidOperationException">Training is finished.</exception>
    /// <exception cref="ArgumentException">
    /// Statistics of another step or other options, fewer frames than codewords, or values so large that residuals leave float32.
    /// </exception>
    public void Apply(ShardStatistics total)
    {
        ArgumentNullException.ThrowIfNull(total);
        ThrowIfFinished();
        total.ThrowUnless(Shape, nameof(total));
        if (_run is not null)
        {
            ApplyPass(total.Pass!);
        }
        else if (_step == 0)
        {
            ApplySurvey(total);
        }
        else
        {
            ApplyStart(total);
        }

        _step++;
    }

    /// <summary>The trained model, a plain stack of Euclidean codebooks.</summary>
    /// <exception cref="InvalidOperationException">Training is not finished.</exception>
    public RvqModel ToModel()
        => IsFinished
            ? new RvqModel([.. _codebooks])
            : throw new InvalidOperationException($"Only {_codebooks.Count} of {_sizes.Length} codebooks are trained.");

    private static float[] Checked(ReadOnlySpan<float> frames, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        if (frames.Length % dimensions != 0)
        {
            throw new ArgumentException(
                $"frames has length {frames.Length}, which is not a multiple of dimensions = {dimensions}.", nameof(frames));
        }

        Argument.ThrowIfNotFinite(frames, dimensions, nameof(frames), "frame");
        return frames.ToArray();
    }

    private void ThrowIfFinished()
    {
        if (IsFinished)
        {
            throw new InvalidOperationException("Training is finished.");
        }
    }

    private void ApplySurvey(ShardStatistics total)
    {
        if (total.Rows < _sizes.Max())
        {
            throw new ArgumentException(
                $"{total.Rows} frames cannot train a codebook of {_sizes.Max()} codewords; at least as many frames as codewords are "
                    + "needed.", _name);
        }

        if (_options.GainCopies > 0)
        {
            double[] mean = [.. Enumerable.Range(0, _dimensions).Select(i => total.FrameSums[0, i] / total.Rows)];
            _shard = new Shard(WithCopies(mean), _dimensions, _options.MaxDegreeOfParallelism);
        }

        _rows = total.Rows * (1 + _options.GainCopies);
        if (Plan(_sizes.Min(), true).Share(1) < 1)
        {
            _shard.SortForParts(_options.Seed);
        }

        if (IsCoarse && total.Largest <= CoarseView.MaxMagnitude)
        {
            _axes = PrincipalAxes.Find(total.Sample.Rows, _dimensions, _cancellation);
            View();
        }
    }

    private Schedule Plan() => Plan(Size, _view is not null);

    private Schedule Plan(int size, bool isCoarse) => new(size, _dimensions, _options.Iterations, isCoarse, _rows);

    // Of as many rows as an iteration through it looks at.
    private void View()
    {
        var rows = _shard.Part(Plan(_sizes.Max(), true).Share(1));
        _view = new CoarseView(_shard.Residuals, rows, _axes, _dimensions, _options.MaxDegreeOfParallelism);
    }

    private float[] WithCopies(double[] mean)
    {
        if (_shard.Residuals.Length * (1L + _options.GainCopies) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{_shard.Count} frames of {_dimensions} dimensions with {_options.GainCopies} copies are beyond the {Array.MaxLength} "
                    + "values that can be held.", _name);
        }

        return GainCopies.Append(_shard.Residuals, mean, _options.GainCopies, _options.GainSpread, ~_options.Seed);
    }

    private void ApplyStart(ShardStatistics total)
    {
        if (Plan().Share(1) < 1 && total.Rows < MinRowsPerCodeword * (long)Size)
        {
            // Equal frames are in a part or out of it together; this one has too few.
            _rows = 0;
            if (_view is not null)
            {
                View();
            }
        }

        _start = total.Sample;
        _view?.SortAxes(_start.Rows);
        StartRun();
    }

    private void StartRun()
    {
        var seed = _options.Seed + ((ulong)_codebooks.Count << 32) + ((ulong)_restart << 16);
        var context = new KMeansContext(seed, _options.MaxDegreeOfParallelism, false, _cancellation);
        _run = _restart == 0 && Initial is not null
            ? new KMeans(_shard, null, PlainModel.CodewordsOf(Initial), Plan() with { IsCoarse = false }, context)
            : new KMeans(_shard, _view, FirstCodewords(seed), Plan(), context);
    }

    private float[] FirstCodewords(ulong seed)
    {
        var rows = _options.Initialization == CodebookInitialization.PlusPlus
            ? PlusPlus.Draw(
                _start!.Rows.ToArray(), _dimensions, Size, new SeededRandom(seed), _options.MaxDegreeOfParallelism, _cancellation)
            : Shuffled(seed);
        var codewords = new float[Size * _dimensions];
        for (var code = 0; code < Size; code++)
        {
            _start![rows[code % rows.Length]].CopyTo(codewords.AsSpan(code * _dimensions));
        }

        return codewords;
    }

    private int[] Shuffled(ulong seed)
        => [.. Enumerable.Range(0, _start!.Count).OrderBy(row => RowHash.Mix(_start!.Keys[row], seed)).Take(Size)];

    private void ApplyPass(KMeansStatistics total)
    {
        var run = _run!;
        var before = run.Iteration;
        run.Apply(total);
        Report(run, before);
        if (!run.IsFinished)
        {
            return;
        }

        _best = _best is null || run.Error < _best.Error ? run : _best;
        if (++_restart < _options.Restarts)
        {
            StartRun();
            return;
        }

        _codebooks.Add(new Codebook(_best.Codewords, _dimensions));
        _shard.Subtract(_best.Codewords, _best.Codes);
        _view?.Subtract(_best.Codewords, _best.Codes);
        (_run, _best, _start, _restart) = (null, null, null, 0);
        if (_shard.Count > 0 && !TensorPrimitives.IsFiniteAll<float>(_shard.Residuals))
        {
            throw new ArgumentException(
                $"{_name} holds values so large that the residuals of stage {_codebooks.Count - 1} leave float32; scale them down.", _name);
        }
    }

    private void Report(KMeans run, int before)
    {
        var iterations = _options.Iterations;
        double WorkOf(int stage, int last) => Plan(_sizes[stage], _view is not null).Work(last);
        var all = Enumerable.Range(0, _sizes.Length).Sum(stage => WorkOf(stage, iterations + 1) * _options.Restarts);
        var done = Enumerable.Range(0, _codebooks.Count).Sum(stage => WorkOf(stage, iterations + 1) * _options.Restarts)
            + (WorkOf(_codebooks.Count, iterations + 1) * _restart)
            + WorkOf(_codebooks.Count, run.IsFinished ? iterations + 1 : run.Iteration);
        Progress = new TrainingProgress(
            _codebooks.Count, _sizes.Length, Math.Min(before + 1, iterations), iterations, run.Error, Math.Min(1, done / all));
    }
}
