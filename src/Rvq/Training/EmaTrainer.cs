using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The quantizer of a VQ-VAE, SoundStream or EnCodec while it trains: every step encodes a batch with the codebooks as they are and then
/// moves them by exponential moving averages. Not thread-safe. Deterministic for a seed, whatever the number of threads.
/// </summary>
/// <remarks>
/// <para>The first step starts the codebooks by k-means, stage after stage on what the stages before leave over.</para>
/// <para>
/// The gradient with respect to the encoder output x, for a model trained in TorchSharp or by hand: the decoder sees
/// <c>x + stopgradient(quantized − x)</c>, so the gradient of its loss with respect to <c>quantized</c> goes to x unchanged. The commitment
/// loss is the mean over the M stages of the mean over T × D of (r_m − q_m)², with r_1 = x and r_(m+1) = r_m − q_m; codewords count as
/// constants. With a weight β it adds, to each of the T × D values,
/// </para>
/// <code>β · 2 / (M · T · D) · Σ_m (r_m − q_m)  =  β · 2 / (M · T · D) · Σ_m r_(m+1)</code>
/// <para>
/// where r_(m+1) is x minus the first m codewords of <see cref="Step"/>'s codes. (EnCodec applies the straight-through estimator
/// in every stage, which cancels all terms but the first.)
/// </para>
/// </remarks>
public sealed class EmaTrainer
{
    private readonly SeededRandom _random;
    private readonly EmaCodebook[] _codebooks;

    // Per stage the inputs [T, D] and the codes [T] of a step; kept from step to step.
    private float[] _inputs = [];
    private int[] _columns = [];

    /// <summary>A trainer that has seen nothing yet.</summary>
    /// <param name="dimensions">D, the length of a frame, at least 1.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="dimensions"/> is below 1, or an option is out of its range.</exception>
    /// <exception cref="ArgumentException">A codebook beyond what an array can hold.</exception>
    public EmaTrainer(int dimensions, EmaTrainerOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        options ??= new EmaTrainerOptions();
        options.Validate(nameof(options));
        if ((long)options.CodebookSize * Search.Definition.PaddedLength(dimensions) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A codebook of {options.CodebookSize} codewords of {dimensions} dimensions is beyond the {Array.MaxLength} values that can be held.", nameof(options));
        }

        Dimensions = dimensions;
        Options = options;
        _random = new SeededRandom(options.Seed);
        _codebooks = new EmaCodebook[options.SharedCodebook ? 1 : options.CodebookCount];
        for (var i = 0; i < _codebooks.Length; i++)
        {
            _codebooks[i] = new EmaCodebook(dimensions, options);
        }

        Draw = DrawDistinct;
    }

    /// <summary>D, the length of a frame.</summary>
    public int Dimensions { get; }

    /// <summary>How the trainer works.</summary>
    public EmaTrainerOptions Options { get; }

    /// <summary>Whether a step has been made, so that there are codebooks.</summary>
    public bool IsInitialized => _codebooks[0].Steps >= 0;

    /// <summary>The codebooks in training: one per stage, or one for all.</summary>
    internal ReadOnlySpan<EmaCodebook> Codebooks => _codebooks;

    /// <summary>The state of the random choices.</summary>
    internal Span<ulong> RandomState => _random.State;

    /// <summary>Draws the frames that become codewords.</summary>
    internal DrawRows Draw { get; set; }

    /// <summary>Encodes a batch with the codebooks as they are, then updates them.</summary>
    /// <param name="frames">The encoder's output, row-major [T, D]; every value finite. The first batch has at least as many frames as a codebook has codewords.</param>
    /// <param name="quantized">Gets the sums of the codewords, [T, D].</param>
    /// <param name="codes">Gets the codes, [T, N]; −1 in the stages that quantizer dropout left out.</param>
    /// <returns>The losses and the use of the codebooks.</returns>
    /// <exception cref="ArgumentException">Lengths that do not fit, no frame, too few frames to start with, or a value that is not finite; nothing has changed then.</exception>
    public EmaStep Step(ReadOnlySpan<float> frames, Span<float> quantized, Span<int> codes)
    {
        var count = Check(frames, quantized, codes);
        var stages = DrawStageCount();
        var inputs = Reuse(ref _inputs, stages * frames.Length);
        var columns = Reuse(ref _columns, stages * count);
        frames.CopyTo(inputs);
        quantized.Clear();
        codes.Fill(-1);
        for (var stage = 0; stage < stages; stage++)
        {
            var input = inputs.Slice(stage * frames.Length, frames.Length);
            var column = columns.Slice(stage * count, count);
            var book = _codebooks[stage % _codebooks.Length];
            if (book.Steps < 0)
            {
                book.Start(input, Draw);
            }

            Assignment.Nearest(input, new Codebook(book.Codewords, Dimensions), column, Options.MaxDegreeOfParallelism, CancellationToken.None);
            var next = stage + 1 < stages ? inputs.Slice((stage + 1) * frames.Length, frames.Length) : default;
            for (var frame = 0; frame < count; frame++)
            {
                codes[frame * Options.CodebookCount + stage] = column[frame];
                var row = frame * Dimensions;
                var codeword = book.Codewords.AsSpan(column[frame] * Dimensions, Dimensions);
                var sum = quantized.Slice(row, Dimensions);
                TensorPrimitives.Add(sum, codeword, sum);
                if (!next.IsEmpty)
                {
                    TensorPrimitives.Subtract(input.Slice(row, Dimensions), codeword, next.Slice(row, Dimensions));
                }
            }
        }

        return Update(inputs, columns, count, stages);
    }

    /// <summary>The codebooks as they are now, as a model to encode, decode and save with.</summary>
    /// <exception cref="InvalidOperationException">No step has been made yet.</exception>
    public RvqModel ToModel()
    {
        if (!IsInitialized)
        {
            throw new InvalidOperationException("There are no codebooks before the first step.");
        }

        var codebooks = Array.ConvertAll(_codebooks, book => new Codebook(book.Codewords, Dimensions));
        return new RvqModel([.. Enumerable.Range(0, Options.CodebookCount).Select(stage => codebooks[stage % codebooks.Length])]);
    }

    /// <summary>Writes options, codebooks, averages and the state of the random choices, so that training resumes to the same bits.</summary>
    /// <param name="path">The file, written as <see cref="RvqModel.Save(string)"/> writes it: whole or not at all.</param>
    /// <exception cref="IOException">The file cannot be written: its folder is missing or read-only, or the disk is full.</exception>
    public void Save(string path) => EmaState.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not a trainer's state, is cut short or damaged.</exception>
    public static EmaTrainer Load(string path) => EmaState.Load(path);

    private EmaStep Update(ReadOnlySpan<float> inputs, ReadOnlySpan<int> columns, int count, int stages)
    {
        // The codewords stay as they are until every stage has encoded; their inputs make the losses.
        var results = new EmaStage[stages];
        for (var stage = 0; stage < stages; stage++)
        {
            results[stage] = Measure(inputs.Slice(stage * count * Dimensions, count * Dimensions), columns.Slice(stage * count, count), stage);
        }

        var perCodebook = Options.SharedCodebook ? stages * count : count;
        for (var stage = 0; stage * perCodebook < columns.Length; stage++)
        {
            var replaced = _codebooks[stage].Update(
                inputs.Slice(stage * perCodebook * Dimensions, perCodebook * Dimensions), columns.Slice(stage * perCodebook, perCodebook), count, Draw);
            results[stage] = results[stage] with { ReplacedCodes = replaced };
        }

        return new EmaStep(results);
    }

    private EmaStage Measure(ReadOnlySpan<float> input, ReadOnlySpan<int> codes, int stage)
    {
        var codewords = _codebooks[stage % _codebooks.Length].Codewords;
        var counts = new long[Options.CodebookSize];
        var error = 0.0;
        for (var frame = 0; frame < codes.Length; frame++)
        {
            counts[codes[frame]]++;
            error += SquaredDistance.Between(input.Slice(frame * Dimensions, Dimensions), codewords.AsSpan(codes[frame] * Dimensions, Dimensions));
        }

        return new EmaStage(error / input.Length, CodebookStatistics.Perplexity(counts), CodebookStatistics.UsedCodes(counts), 0);
    }

    private int Check(ReadOnlySpan<float> frames, ReadOnlySpan<float> quantized, ReadOnlySpan<int> codes)
    {
        if (frames.IsEmpty || frames.Length % Dimensions != 0)
        {
            throw new ArgumentException($"frames has length {frames.Length}, which is not a positive multiple of dimensions = {Dimensions}.", nameof(frames));
        }

        var count = frames.Length / Dimensions;
        if (quantized.Length != frames.Length)
        {
            throw new ArgumentException($"quantized has length {quantized.Length}, but frames has {frames.Length}.", nameof(quantized));
        }

        if (codes.Length != (long)count * Options.CodebookCount)
        {
            throw new ArgumentException(
                $"codes has length {codes.Length}, but {count} frames of {Options.CodebookCount} codebooks need {(long)count * Options.CodebookCount}.", nameof(codes));
        }

        if (frames.Length > Array.MaxLength / Options.CodebookCount)
        {
            throw new ArgumentException($"A batch of {count} frames is too large for {Options.CodebookCount} stages.", nameof(frames));
        }

        if (!IsInitialized && count < Options.CodebookSize)
        {
            throw new ArgumentException(
                $"{count} frames cannot start a codebook of {Options.CodebookSize} codewords; the first batch needs at least as many frames.", nameof(frames));
        }

        Argument.ThrowIfNotFinite(frames, Dimensions, nameof(frames), "frame");
        return count;
    }

    private static Span<T> Reuse<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = new T[length];
        }

        return buffer.AsSpan(0, length);
    }

    // The step that starts the codebooks starts all of them.
    private int DrawStageCount()
        => IsInitialized && Options.QuantizerDropout > 0 && _random.NextDouble() < Options.QuantizerDropout
            ? 1 + (int)_random.Next(Options.CodebookCount)
            : Options.CodebookCount;

    private int[] DrawDistinct(ReadOnlySpan<int> codewords, int rows)
    {
        if (codewords.Length <= rows)
        {
            return _random.Distinct(rows, codewords.Length);
        }

        var drawn = new int[codewords.Length];
        foreach (ref var row in drawn.AsSpan())
        {
            row = (int)_random.Next(rows);
        }

        return drawn;
    }
}
