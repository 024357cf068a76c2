namespace Rvq.Training;

/// <summary>The first codewords of a codebook in training: k-means on a stage's inputs, as <see cref="RvqTrainer"/> does it.</summary>
/// <param name="dimensions">D.</param>
/// <param name="options">How to start.</param>
/// <param name="first">
/// Gives the first codewords of k-means, or null for a sample of the inputs; tests put a peer's recorded choice in its place.
/// </param>
internal sealed class EmaInitialization(int dimensions, EmaTrainerOptions options, Func<float[], float[]>? first)
{
    private const int AxesRows = 4096;

    // Those of the first stage's inputs; later stages only sort them.
    private float[]? _axes;

    /// <summary>Starts a codebook.</summary>
    /// <param name="book">The codebook.</param>
    /// <param name="inputs">The stage's inputs, [T, D], at least as many as codewords.</param>
    /// <param name="stage">The stage, which draws of its own.</param>
    public void Start(EmaCodebook book, float[] inputs, int stage)
    {
        var shard = new Shard([.. inputs], dimensions, options.MaxDegreeOfParallelism);
        var salt = options.Seed + (ulong)stage;
        var codewords = first?.Invoke(inputs) ?? Sampled(shard, book.Size, salt);
        if (options.InitializationIterations == 0)
        {
            book.Start(codewords, _ => 1);
            return;
        }

        var context =
            new KMeansContext(salt, options.MaxDegreeOfParallelism, options.Metric == SearchMetric.Cosine, CancellationToken.None);
        var view = View(shard, salt);
        var schedule = new Schedule(book.Size, dimensions, options.InitializationIterations, view is not null, Rows: 0);
        var run = new KMeans(shard, view, codewords, schedule, context);
        while (!run.IsFinished && run.Iteration < options.InitializationIterations)
        {
            run.Apply(run.Measure());
        }

        book.Start(run.Codewords, code => run.Counts[code]);
        book.Refresh();
    }

    private float[] Sampled(Shard shard, int size, ulong salt)
    {
        var sample = shard.Sample(size, salt);
        var rows = new float[size * dimensions];
        for (var code = 0; code < size; code++)
        {
            sample[code % sample.Count].CopyTo(rows.AsSpan(code * dimensions));
        }

        return rows;
    }

    private CoarseView? View(Shard shard, ulong salt)
    {
        if (!options.CoarseToFine || dimensions > CoarseView.MaxDimensions
            || Array.Exists(shard.Residuals, value => Math.Abs(value) > CoarseView.MaxMagnitude))
        {
            return null;
        }

        var sample = shard.Sample(Math.Max(AxesRows, 8 * dimensions), salt).Rows;
        _axes ??= PrincipalAxes.Find(sample, dimensions, CancellationToken.None);
        var view = new CoarseView(shard.Residuals, shard.Count, _axes, dimensions, options.MaxDegreeOfParallelism);
        view.SortAxes(sample);
        return view;
    }
}
