namespace Rvq.Training;

/// <summary>
/// What <see cref="RvqTrainer"/> builds and how. The result depends on the frames and these options alone, not on the thread count or the
/// machine.
/// </summary>
public sealed record RvqTrainerOptions
{
    internal const int MaxCodebooks = 1 << 16;

    /// <summary>The number of codebooks, in [1, 65536]; 8 by default.</summary>
    public int CodebookCount { get; init; } = 8;

    /// <summary>The codewords of each codebook, at least 1; 1024 by default.</summary>
    public int CodebookSize { get; init; } = 1024;

    /// <summary>
    /// Sizes that differ from stage to stage, or null (the default) for <see cref="CodebookCount"/> codebooks of <see
    /// cref="CodebookSize"/>.
    /// </summary>
    public IReadOnlyList<int>? CodebookSizes { get; init; }

    /// <summary>
    /// The k-means iterations of each stage, at least 1; 10 by default. A stage ends earlier when no code changes any more. Of many frames
    /// (above 64 a codeword and 16,384 in all) early iterations look at an even part; the last one looks at all.
    /// </summary>
    public int Iterations { get; init; } = 10;

    /// <summary>
    /// Whether k-means looks at the first principal axis alone first and widens its view to all dimensions over three fifths of the
    /// iterations. Where dimensions are correlated, as an encoder's are, that gives a lower error on new frames than k-means in all
    /// dimensions; where they are all alike it costs a little. True by default. Has no effect beyond 1024 dimensions, whose axes would
    /// take too long to find.
    /// </summary>
    public bool CoarseToFine { get; init; } = true;

    /// <summary>Where k-means takes its first codewords from; <see cref="CodebookInitialization.Sampled"/> by default.</summary>
    public CodebookInitialization Initialization { get; init; } = CodebookInitialization.Sampled;

    /// <summary>
    /// A plain Euclidean model to continue from, or null (the default): its codewords are where k-means starts, with the whole view from
    /// the first
    /// iteration. Stages beyond those of the model start as <see cref="Initialization"/> says; stages of the model beyond those asked for
    /// are left out.
    /// </summary>
    public RvqModel? InitialModel { get; init; }

    /// <summary>The k-means runs per stage of which the one with the smallest error is kept, at least 1; 1 by default.</summary>
    public int Restarts { get; init; } = 1;

    /// <summary>
    /// Copies of every frame with random gains about the mean frame that are trained on as well, at least 0; 0 by default. For few frames
    /// whose
    /// loudness varies, as it does in speech and music: 3 copies lower the error on new frames, at the cost of four times the work.
    /// </summary>
    public int GainCopies { get; init; }

    /// <summary>The standard deviation of the natural logarithm of those gains, in (0, 2]; 0.4 by default.</summary>
    public double GainSpread { get; init; } = 0.4;

    /// <summary>The seed of every random choice; 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// The largest number of frames trained on, at least 1; 1,000,000 by default. Of more frames that many are drawn evenly; memory is
    /// bounded by it.
    /// </summary>
    public int SampleLimit { get; init; } = 1_000_000;

    /// <summary>The threads that training may use, at least 1; 1 by default. The result does not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;

    /// <summary>
    /// The sizes of all codebooks, after every option has been checked for frames of so many dimensions; <paramref name="name"/> is what
    /// the caller
    /// calls the options.
    /// </summary>
    internal int[] Sizes(int dimensions, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions, 1);
        var sizes = Sizes(name);
        if (sizes.Max() * ((long)dimensions + Search.Definition.Lanes) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A codebook of {sizes.Max()} codewords of {dimensions} dimensions is beyond the {Array.MaxLength} values that can be "
                    + "held.", name);
        }

        if (InitialModel is not null)
        {
            PlainModel.ThrowUnless(InitialModel, SearchMetric.Euclidean, $"{name}.InitialModel", name);
            CheckInitialModel(InitialModel, sizes, dimensions, name);
        }

        return sizes;
    }

    private static void CheckInitialModel(RvqModel model, int[] sizes, int dimensions, string name)
    {
        if (model.Dimensions != dimensions)
        {
            throw new ArgumentException($"{name}.InitialModel has {model.Dimensions} dimensions, but the frames have {dimensions}.", name);
        }

        for (var stage = 0; stage < Math.Min(sizes.Length, model.CodebookCount); stage++)
        {
            if (model.Stages[stage].Codebook.Size != sizes[stage])
            {
                throw new ArgumentException(
                    $"Codebook {stage} of {name}.InitialModel has {model.Stages[stage].Codebook.Size} codewords, but {sizes[stage]} are "
                        + "asked for.", name);
            }
        }
    }

    private int[] Sizes(string name)
    {
        ThrowIfBelowOne(Iterations, nameof(Iterations), name);
        ThrowIfBelowOne(Restarts, nameof(Restarts), name);
        ThrowIfBelowOne(SampleLimit, nameof(SampleLimit), name);
        ThrowIfBelowOne(MaxDegreeOfParallelism, nameof(MaxDegreeOfParallelism), name);
        if (GainCopies < 0)
        {
            throw new ArgumentOutOfRangeException(name, GainCopies, $"options.GainCopies must be at least 0, but is {GainCopies}.");
        }

        if (GainSpread is not (> 0 and <= 2))
        {
            throw new ArgumentOutOfRangeException(name, GainSpread, $"options.GainSpread must be in (0, 2], but is {GainSpread}.");
        }

        if (Initialization is not (CodebookInitialization.Sampled or CodebookInitialization.PlusPlus))
        {
            throw new ArgumentOutOfRangeException(name, Initialization, "options.Initialization must be Sampled or PlusPlus.");
        }

        if (CodebookSizes is null)
        {
            ThrowIfBelowOne(CodebookCount, nameof(CodebookCount), name);
            if (CodebookCount > MaxCodebooks)
            {
                throw new ArgumentOutOfRangeException(
                    name, CodebookCount, $"options.CodebookCount must be at most {MaxCodebooks}, but is {CodebookCount}.");
            }

            ThrowIfBelowOne(CodebookSize, nameof(CodebookSize), name);
            var sizes = new int[CodebookCount];
            Array.Fill(sizes, CodebookSize);
            return sizes;
        }

        if (CodebookSizes.Count == 0)
        {
            throw new ArgumentException("options.CodebookSizes is empty; a model has at least one codebook.", name);
        }

        foreach (var size in CodebookSizes)
        {
            ThrowIfBelowOne(size, nameof(CodebookSizes), name);
        }

        return [.. CodebookSizes];
    }

    private static void ThrowIfBelowOne(int value, string option, string name)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"options.{option} must be at least 1, but is {value}.");
        }
    }
}
