using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// Trains a residual quantizer on frames: stage by stage, k-means on what the stages before have left over. Deterministic for a seed,
/// whatever the number of threads and the machine.
/// </summary>
/// <remarks>
/// Nothing is refined after the last stage: fitting all codebooks again by least squares, given the codes of a greedy or a beam search,
/// lowers the error on the training frames and raises it on new ones (measured at 20,000 frames, with and without regularisation).
/// Against over-fitting <see cref="RvqTrainerOptions.GainCopies"/> does more.
/// </remarks>
public static class RvqTrainer
{
    /// <summary>Trains on frames in memory.</summary>
    /// <param name="frames">The frames, row-major [T, D]; every value finite; at least as many frames as the largest codebook has codewords.</param>
    /// <param name="dimensions">D, the length of a frame, at least 1.</param>
    /// <param name="options">What to build and how; null for the defaults.</param>
    /// <param name="progress">Told after every iteration, or null.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>A plain stack of Euclidean codebooks.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> or an option is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// A length that is not a multiple of <paramref name="dimensions"/>, a value that is not finite, fewer frames than codewords, or
    /// sizes beyond what an array can hold.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static RvqModel Train(
        ReadOnlySpan<float> frames,
        int dimensions,
        RvqTrainerOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new RvqTrainerOptions();
        var sizes = Check(dimensions, options);
        var sample = new FrameSample(dimensions, options.SampleLimit, options.Seed);
        sample.Add(frames, nameof(frames), "frame");
        return Train(sample, dimensions, sizes, options, nameof(frames), progress, cancellationToken);
    }

    /// <summary>
    /// Trains on a source of batches that need not fit in memory: at most <see cref="RvqTrainerOptions.SampleLimit"/> frames of it are
    /// kept. The batches are enumerated once; the result is that of <see cref="Train(ReadOnlySpan{float}, int, RvqTrainerOptions?, IProgress{TrainingProgress}?, CancellationToken)"/>
    /// on all of them in a row.
    /// </summary>
    /// <param name="batches">Batches of whole frames, each row-major [frames, D]; every value finite.</param>
    /// <param name="dimensions">D, the length of a frame, at least 1.</param>
    /// <param name="options">What to build and how; null for the defaults.</param>
    /// <param name="progress">Told after every iteration, or null.</param>
    /// <param name="cancellationToken">Stops the reading and the training.</param>
    /// <returns>A plain stack of Euclidean codebooks.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> or an option is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// A batch whose length is not a multiple of <paramref name="dimensions"/>, a value that is not finite, fewer frames than codewords,
    /// or sizes beyond what an array can hold.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static RvqModel Train(
        IEnumerable<ReadOnlyMemory<float>> batches,
        int dimensions,
        RvqTrainerOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batches);
        options ??= new RvqTrainerOptions();
        var sizes = Check(dimensions, options);
        var sample = new FrameSample(dimensions, options.SampleLimit, options.Seed);
        var count = 0;
        foreach (var batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            sample.Add(batch.Span, nameof(batches), $"batch {count++}, frame");
        }

        return Train(sample, dimensions, sizes, options, nameof(batches), progress, cancellationToken);
    }

    private static int[] Check(int dimensions, RvqTrainerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        var sizes = options.Sizes(nameof(options));
        if ((long)sizes.Max() * Search.Definition.PaddedLength(dimensions) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A codebook of {sizes.Max()} codewords of {dimensions} dimensions is beyond the {Array.MaxLength} values that can be held.", nameof(options));
        }

        return sizes;
    }

    private static RvqModel Train(
        FrameSample sample, int dimensions, int[] sizes, RvqTrainerOptions options, string name, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        if (sample.Count < sizes.Max())
        {
            throw new ArgumentException(
                $"{sample.Count} frames cannot train a codebook of {sizes.Max()} codewords; at least as many frames as codewords are needed.", name);
        }

        var residuals = WithCopies(sample.ToArray(), dimensions, options, name);
        var threads = options.MaxDegreeOfParallelism;
        var coarse = options.CoarseToFine && dimensions <= CoarseView.MaxDimensions;
        var axes = coarse ? PrincipalAxes.Find(residuals, dimensions, cancellation) : [];
        var codebooks = new Codebook[sizes.Length];
        var work = (double)sizes.Sum(size => (long)size) * options.Restarts * options.Iterations;
        var done = 0.0;
        for (var stage = 0; stage < sizes.Length; stage++)
        {
            var size = sizes[stage];
            var codes = Array.Empty<int>();
            var error = double.PositiveInfinity;
            var view = coarse ? new CoarseView(residuals, axes, dimensions, threads) : null;
            view = view is { IsFinite: true } ? view : null;
            for (var restart = 0; restart < options.Restarts; restart++)
            {
                var means = new KMeans(residuals, view, dimensions, size, threads, cancellation);
                var random = new SeededRandom(options.Seed + (ulong)(stage * (long)options.Restarts + restart) + 1);
                var codebook = means.Train(options.Iterations, options.Initialization, random, (iteration, current) => progress?.Report(new TrainingProgress(
                    stage, sizes.Length, iteration, options.Iterations, current, (done + (double)size * iteration) / work)));
                done += (double)size * options.Iterations;
                if (means.Error < error)
                {
                    (codebooks[stage], codes, error) = (codebook, means.Codes.ToArray(), means.Error);
                }
            }

            Subtract(residuals, codebooks[stage], codes);
            if (!TensorPrimitives.IsFiniteAll<float>(residuals))
            {
                throw new ArgumentException($"{name} holds values so large that the residuals of stage {stage} leave float32; scale them down.", name);
            }
        }

        return new RvqModel(codebooks);
    }

    private static float[] WithCopies(float[] frames, int dimensions, RvqTrainerOptions options, string name)
    {
        if (options.GainCopies == 0)
        {
            return frames;
        }

        if (frames.Length * (1L + options.GainCopies) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{frames.Length / dimensions} frames of {dimensions} dimensions with {options.GainCopies} copies are beyond the {Array.MaxLength} values that can be held.", name);
        }

        return GainCopies.Append(frames, dimensions, options.GainCopies, options.GainSpread, new SeededRandom(~options.Seed));
    }

    private static void Subtract(float[] residuals, Codebook codebook, int[] codes)
    {
        for (var frame = 0; frame < codes.Length; frame++)
        {
            var residual = residuals.AsSpan(frame * codebook.Dimensions, codebook.Dimensions);
            TensorPrimitives.Subtract(residual, codebook[codes[frame]], residual);
        }
    }
}
