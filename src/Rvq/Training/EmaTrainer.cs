using System.Numerics.Tensors;

namespace Rvq.Training;

/// <summary>
/// The quantizer of a VQ-VAE, SoundStream or EnCodec while it trains: every step encodes a batch with the codebooks as they are and then
/// moves them by exponential moving averages. Not thread-safe. Deterministic for a seed: the same codes, codebooks and losses whatever
/// the number of
/// threads, of workers and the machine (perplexities go through logarithms, whose last bit may differ).
/// </summary>
/// <remarks>
/// <para>
/// The first step starts the codebooks by k-means, stage after stage on what the stages before leave over, as <see cref="RvqTrainer"/>
/// does;
/// <see cref="From"/> starts from a model instead. A step that throws leaves the trainer as it was.
/// </para>
/// <para>
/// Several workers, each with its own frames, make one step in two halves: <see cref="Encode(ReadOnlySpan{float}, Span{float}, Span{int},
/// Span{float})"/>
/// measures, the workers exchange their statistics by whatever means they have, and <see cref="Apply"/> takes the sum. All end with the
/// same bits, those of one worker with
/// the whole batch, in whatever order the sums arrive. They begin alike: from the same model, the same file, or from one first step on
/// the same frames.
/// </para>
/// <para>
/// The gradient with respect to the encoder output x, for a model trained in TorchSharp or by hand: the decoder sees
/// <c>x + stopgradient(quantized − x)</c>, so the gradient of its loss with respect to <c>quantized</c> goes to x unchanged. The commitment
/// loss of stage m is the mean over the T × D values of (r_m − q_m)², with r_1 = x and r_(m+1) = r_m − q_m; codewords count as
/// constants. With the stages' weight w (<see cref="EmaTrainerOptions.Commitment"/>: β / M for the mean over M stages, β for their sum)
/// it adds, to each of the T × D values,
/// </para>
/// <code>w · 2 / (T · D) · Σ_m (r_m − q_m)  =  w · 2 / (T · D) · Σ_m r_(m+1)</code>
/// <para>
/// which is what the argument <c>gradient</c> gets. T counts the frames of the call, padding not among them. A cosine codebook's loss is
/// that of u = r_m / ‖r_m‖, and its
/// term (⟨u, q_m⟩ u − q_m) / ‖r_m‖.
/// </para>
/// </remarks>
public sealed partial class EmaTrainer
{
    private readonly EmaPass _pass;
    private readonly EmaCodebook[] _codebooks;

    // Where an update is made, before it is known to be finite.
    private readonly EmaCodebook[] _next;

    /// <summary>A trainer that has seen nothing yet.</summary>
    /// <param name="dimensions">D, the length of a frame, at least 1.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="dimensions"/> is below 1, or an option is out of its range.
    /// </exception>
    /// <exception cref="ArgumentException">Sizes that do not go together, or a codebook beyond what an array can hold.</exception>
    public EmaTrainer(int dimensions, EmaTrainerOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        options ??= new EmaTrainerOptions();
        options.Validate(nameof(options));
        options.ValidateMemory(dimensions, nameof(options));
        Dimensions = dimensions;
        Options = options;
        Sizes = options.Sizes;
        Random = new SeededRandom(options.Seed);
        _codebooks = NewCodebooks();
        _next = NewCodebooks();
        _pass = new EmaPass(dimensions, options);
    }

    /// <summary>D, the length of a frame.</summary>
    public int Dimensions { get; }

    /// <summary>How the trainer works.</summary>
    public EmaTrainerOptions Options { get; }

    /// <summary>Whether there are codebooks: a step has been made, or the trainer comes from a model.</summary>
    public bool IsInitialized => _codebooks[0].Steps >= 0;

    /// <summary>The codebooks in training: one per stage, or one for all.</summary>
    internal ReadOnlySpan<EmaCodebook> Codebooks => _codebooks;

    /// <summary>The random choices to come.</summary>
    internal SeededRandom Random { get; private set; }

    /// <summary>The size of every stage's codebook.</summary>
    internal int[] Sizes { get; }

    /// <summary>
    /// Draws the rows that replace dead codewords, or null for the batch's candidates; tests put a peer's recorded draws in its place.
    /// </summary>
    internal DrawRow? Draw { get; set; }

    /// <summary>The first codewords of k-means, or null for a sample; tests put a peer's recorded choice in its place.</summary>
    internal Func<float[], float[]>? FirstCodewords { get; set; }

    /// <summary>A trainer that goes on from a model: the first step encodes with the model's codebooks.</summary>
    /// <param name="model">
    /// One stack of plain stages that all search by <see cref="EmaTrainerOptions.Metric"/>; cosine codewords have length 1. Projections
    /// belong to the network: train on what they give.
    /// </param>
    /// <param name="options">How to train; null for the defaults. The number of stages and their sizes are the model's.</param>
    /// <returns>
    /// The trainer. Every codeword counts as the mean of one frame (under <see cref="DeadCodeRule.BelowThreshold"/> of as many as the
    /// threshold, if that is more).
    /// </returns>
    /// <exception cref="ArgumentException">A model of another kind, or a shared codebook where the model's differ.</exception>
    public static EmaTrainer From(RvqModel model, EmaTrainerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new EmaTrainerOptions();
        PlainModel.ThrowUnless(model, options.Metric, nameof(model), nameof(model));
        int[] sizes = [.. model.Stages.ToArray().Select(stage => stage.Codebook.Size)];
        var alike = Array.TrueForAll(sizes, size => size == sizes[0]);
        var trainer = new EmaTrainer(model.Dimensions, options with
        {
            CodebookCount = sizes.Length,
            CodebookSize = alike ? sizes[0] : options.CodebookSize,
            CodebookSizes = alike ? null : sizes,
        });
        PlainModel.CopyTo(model, trainer.Codebooks, options);
        return trainer;
    }

    /// <summary>Encodes a batch with the codebooks as they are, then updates them.</summary>
    /// <param name="frames">
    /// The encoder's output, row-major [T, D]; every value finite. The first batch has at least as many frames as the largest codebook
    /// has codewords.
    /// </param>
    /// <param name="quantized">Gets the sums of the codewords, [T, D].</param>
    /// <param name="codes">Gets the codes, [T, N]; −1 in the stages that quantizer dropout left out.</param>
    /// <param name="gradient">Gets the gradient of the commitment loss, [T, D]; empty if it is not wanted.</param>
    /// <returns>The losses and the use of the codebooks.</returns>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, no frame, too few frames to start with, a value that is not finite, or values so large that residuals or
    /// averages leave float32.
    /// The trainer and the destinations are as before then.
    /// </exception>
    public EmaStep Step(ReadOnlySpan<float> frames, Span<float> quantized, Span<int> codes, Span<float> gradient = default)
    {
        Check(frames, quantized, codes, gradient);
        var step = Advance(frames, FrameLayout.Dense(frames.Length / Dimensions), !gradient.IsEmpty);
        Copy(quantized, codes, gradient);
        return step;
    }

    /// <summary>Encodes a batch of any layout with the codebooks as they are, then updates them.</summary>
    /// <param name="frames">
    /// The encoder's output, shape [B, T, D] or […, T, D], of any strides: <c>Layouts.ChannelsFirst</c> sees a [B, D, T] output so. Every
    /// value that counts is finite.
    /// </param>
    /// <param name="quantized">Gets the sums of the codewords, of the frames' shape; 0 in padding.</param>
    /// <param name="codes">Gets the codes, […, T, N]; −1 in padding and in the stages that quantizer dropout left out.</param>
    /// <param name="lengths">
    /// For each of the B items how many of its frames count, in [0, T]; none where all do. Padding takes no part in anything.
    /// </param>
    /// <param name="gradient">
    /// Gets the gradient of the commitment loss, of the frames' shape, 0 in padding; default if it is not wanted.
    /// </param>
    /// <returns>The losses and the use of the codebooks.</returns>
    /// <exception cref="ArgumentException">As for spans; shapes or lengths that do not fit.</exception>
    public EmaStep Step(
        in ReadOnlyTensorSpan<float> frames, in TensorSpan<float> quantized, in TensorSpan<int> codes, ReadOnlySpan<int> lengths = default,
        in TensorSpan<float> gradient = default)
    {
        var layout = Check(frames, quantized, codes, lengths, gradient);
        var step = Advance(layout.Gather(frames, Dimensions), layout, !gradient.IsEmpty);
        Scatter(layout, quantized, codes, gradient);
        return step;
    }

    /// <summary>
    /// The first half of a step of several workers: encodes this worker's batch and measures it. The trainer stays as it is.
    /// </summary>
    /// <param name="frames">The encoder's output, row-major [T, D]; every value finite.</param>
    /// <param name="quantized">Gets the sums of the codewords, [T, D].</param>
    /// <param name="codes">Gets the codes, [T, N]; −1 in the stages that quantizer dropout left out, the same in every worker.</param>
    /// <param name="gradient">Gets the gradient of the commitment loss, [T, D]; empty if it is not wanted.</param>
    /// <returns>Statistics to add to those of the other workers.</returns>
    /// <exception cref="InvalidOperationException">There are no codebooks yet.</exception>
    /// <exception cref="ArgumentException">As for a step.</exception>
    public EmaStatistics Encode(ReadOnlySpan<float> frames, Span<float> quantized, Span<int> codes, Span<float> gradient = default)
    {
        ThrowUnlessInitialized();
        Check(frames, quantized, codes, gradient);
        var statistics = Measure(frames, FrameLayout.Dense(frames.Length / Dimensions), _codebooks, Upcoming(), !gradient.IsEmpty);
        Copy(quantized, codes, gradient);
        return statistics;
    }

    /// <inheritdoc cref="Encode(ReadOnlySpan{float}, Span{float}, Span{int}, Span{float})"/>
    /// <param name="frames">The encoder's output, shape […, T, D], of any strides.</param>
    /// <param name="quantized">Gets the sums of the codewords, of the frames' shape; 0 in padding.</param>
    /// <param name="codes">Gets the codes, […, T, N]; −1 in padding and in the stages that quantizer dropout left out.</param>
    /// <param name="lengths">For each item how many of its frames count, in [0, T]; none where all do.</param>
    /// <param name="gradient">
    /// Gets the gradient of the commitment loss, of the frames' shape, 0 in padding; default if it is not wanted.
    /// </param>
    public EmaStatistics Encode(
        in ReadOnlyTensorSpan<float> frames, in TensorSpan<float> quantized, in TensorSpan<int> codes, ReadOnlySpan<int> lengths = default,
        in TensorSpan<float> gradient = default)
    {
        ThrowUnlessInitialized();
        var layout = Check(frames, quantized, codes, lengths, gradient);
        var statistics = Measure(layout.Gather(frames, Dimensions), layout, _codebooks, Upcoming(), !gradient.IsEmpty);
        Scatter(layout, quantized, codes, gradient);
        return statistics;
    }

    /// <summary>The second half of a step of several workers: updates the codebooks.</summary>
    /// <param name="total">The sum of the statistics of all workers since the last step, this one's among them.</param>
    /// <returns>The losses and the use of the codebooks over all workers.</returns>
    /// <exception cref="ArgumentException">
    /// Statistics of another step or other options, of no frame, or of values so large that averages leave float32. The trainer is as
    /// before then.
    /// </exception>
    public EmaStep Apply(EmaStatistics total)
    {
        ArgumentNullException.ThrowIfNull(total);
        ThrowUnlessInitialized();
        var upcoming = Upcoming();
        var shape = ShapeOf(_codebooks, upcoming.Stages);
        if (!total.Shape.Equals(shape))
        {
            throw new ArgumentException($"total is of {total.Shape}, but {shape} is needed.", nameof(total));
        }

        return total.FrameCount == 0
            ? throw new ArgumentException("total is of no frame.", nameof(total))
            : Update(total, _codebooks, upcoming)
                ?? throw new ArgumentException("total holds sums so large that the averages leave float32.", nameof(total));
    }

    /// <summary>The codebooks as they are now, as a model to encode, decode and save with.</summary>
    /// <exception cref="InvalidOperationException">There are no codebooks yet.</exception>
    public RvqModel ToModel()
    {
        ThrowUnlessInitialized();
        var codebooks = Array.ConvertAll(_codebooks, book => new Codebook(book.Codewords, Dimensions));
        var stages = Enumerable.Range(0, Sizes.Length)
            .Select(stage => new Stage(codebooks[stage % codebooks.Length], metric: Options.Metric));
        return new RvqModel(new ResidualStack([.. stages]));
    }

    /// <summary>
    /// Writes options, codebooks, averages and the state of the random choices, so that training resumes to the same bits.
    /// </summary>
    /// <param name="path">The file; it is replaced as a whole once everything is written.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => EmaState.Save(this, path);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not a trainer's state, is cut short or damaged.</exception>
    public static EmaTrainer Load(string path) => EmaState.Load(path);
}
