namespace Rvq.Training;

/// <summary>
/// How an <see cref="EmaTrainer"/> updates its codebooks. The defaults are Mimi's; vector-quantize-pytorch's are
/// <see cref="UsageSmoothing.Laplace"/>, <see cref="DeadCodeRule.BelowThreshold"/> with a threshold of 2 and an interval of 1.
/// </summary>
public sealed record EmaTrainerOptions
{
    /// <summary>The number of stages, in [1, 65536]; 8 by default.</summary>
    public int CodebookCount { get; init; } = 8;

    /// <summary>The codewords of each codebook, at least 1; 1024 by default.</summary>
    public int CodebookSize { get; init; } = 1024;

    /// <summary>
    /// Sizes that differ from stage to stage, each at least 1, or null (the default) for <see cref="CodebookCount"/> codebooks of <see
    /// cref="CodebookSize"/>.
    /// </summary>
    public IReadOnlyList<int>? CodebookSizes { get; init; }

    /// <summary>
    /// One codebook for all stages; false by default. It takes in the averages once per stage and step. All sizes must be the same.
    /// </summary>
    public bool SharedCodebook { get; init; }

    /// <summary>
    /// How residuals and codewords are compared; <see cref="SearchMetric.Euclidean"/> by default. With <see cref="SearchMetric.Cosine"/>
    /// every stage brings
    /// its inputs and codewords to length 1 and takes the codeword of the smallest angle; averages are of inputs of length 1, and the
    /// codeword is subtracted from the residual
    /// as it was (vector-quantize-pytorch).
    /// </summary>
    public SearchMetric Metric { get; init; } = SearchMetric.Euclidean;

    /// <summary>The weight of the past in the moving averages, in [0, 1); 0.99 by default.</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>How usage becomes the divisor of a codeword's sum; <see cref="UsageSmoothing.Clamp"/> by default.</summary>
    public UsageSmoothing Smoothing { get; init; } = UsageSmoothing.Clamp;

    /// <summary>The ε of <see cref="Smoothing"/>, above 0; 1e-5 by default.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Which codewords are replaced; <see cref="DeadCodeRule.BelowMean"/> by default.</summary>
    public DeadCodeRule DeadCodeRule { get; init; } = DeadCodeRule.BelowMean;

    /// <summary>
    /// The limit of <see cref="DeadCodeRule"/>, above 0: frames per step (of all workers), or a share of the mean usage; 0.1 by default.
    /// </summary>
    public double DeadCodeThreshold { get; init; } = 0.1;

    /// <summary>The steps from one check for dead codewords to the next, at least 1; 5 by default.</summary>
    public int DeadCodeInterval { get; init; } = 5;

    /// <summary>
    /// The k-means iterations on the first batch, at least 0; 50 by default. With 0 the first codewords are frames of it.
    /// </summary>
    public int InitializationIterations { get; init; } = 50;

    /// <summary>
    /// Whether those iterations look at the principal axes first, as <see cref="RvqTrainerOptions.CoarseToFine"/> says; true by default.
    /// Without, k-means on
    /// frames without clusters ends with few codewords that take nearly all.
    /// </summary>
    public bool CoarseToFine { get; init; } = true;

    /// <summary>The probability that a step uses only the first n stages, n drawn evenly from 1 … N; in [0, 1], 0 by default.</summary>
    public double QuantizerDropout { get; init; }

    /// <summary>How the stages' commitment losses are weighted; <see cref="Commitment.Mimi"/> by default.</summary>
    public Commitment Commitment { get; init; } = Commitment.Mimi;

    /// <summary>The seed of every random choice; 0 by default.</summary>
    public ulong Seed { get; init; }

    /// <summary>The threads that a step may use, at least 1; 1 by default. The result does not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;

    /// <summary>The size of every stage's codebook.</summary>
    internal int[] Sizes => CodebookSizes is null ? [.. Enumerable.Repeat(CodebookSize, CodebookCount)] : [.. CodebookSizes];

    /// <summary>Refuses options out of their range; <paramref name="name"/> is what the caller calls them.</summary>
    internal void Validate(string name)
    {
        ThrowUnless(CodebookCount is >= 1 and <= RvqTrainerOptions.MaxCodebooks, nameof(CodebookCount), CodebookCount,
            $"in [1, {RvqTrainerOptions.MaxCodebooks}]", name);
        ThrowUnless(CodebookSize >= 1, nameof(CodebookSize), CodebookSize, "at least 1", name);
        ThrowUnless(Metric is SearchMetric.Euclidean or SearchMetric.Cosine, nameof(Metric), Metric, "Euclidean or Cosine", name);
        ThrowUnless(Decay is >= 0 and < 1, nameof(Decay), Decay, "in [0, 1)", name);
        ThrowUnless(Enum.IsDefined(Smoothing), nameof(Smoothing), Smoothing, "Clamp or Laplace", name);
        ThrowUnless(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "above 0 and finite", name);
        ThrowUnless(Enum.IsDefined(DeadCodeRule), nameof(DeadCodeRule), DeadCodeRule, "None, BelowThreshold or BelowMean", name);
        ThrowUnless(DeadCodeThreshold > 0 && double.IsFinite(DeadCodeThreshold), nameof(DeadCodeThreshold), DeadCodeThreshold,
            "above 0 and finite", name);
        ThrowUnless(DeadCodeInterval >= 1, nameof(DeadCodeInterval), DeadCodeInterval, "at least 1", name);
        ThrowUnless(InitializationIterations >= 0, nameof(InitializationIterations), InitializationIterations, "at least 0", name);
        ThrowUnless(QuantizerDropout is >= 0 and <= 1, nameof(QuantizerDropout), QuantizerDropout, "in [0, 1]", name);
        ThrowUnless(MaxDegreeOfParallelism >= 1, nameof(MaxDegreeOfParallelism), MaxDegreeOfParallelism, "at least 1", name);
        if (Commitment is null)
        {
            throw new ArgumentException($"{name}.Commitment is null.", name);
        }

        ThrowUnless(Commitment.Weight >= 0 && double.IsFinite(Commitment.Weight), "Commitment.Weight", Commitment.Weight,
            "at least 0 and finite", name);
        ValidateSizes(name);
    }

    /// <summary>Refuses codebooks beyond what an array can hold.</summary>
    internal void ValidateMemory(int dimensions, string name)
    {
        var largest = Sizes.Max();
        if (largest * ((long)dimensions + Search.Definition.Lanes) > Array.MaxLength)
        {
            throw new ArgumentException(
                $"A codebook of {largest} codewords of {dimensions} dimensions is beyond the {Array.MaxLength} values that can be held.",
                name);
        }
    }

    private void ValidateSizes(string name)
    {
        if (CodebookSizes is { Count: 0 or > RvqTrainerOptions.MaxCodebooks })
        {
            throw new ArgumentException(
                $"{name}.CodebookSizes has {CodebookSizes.Count} sizes; 1 to {RvqTrainerOptions.MaxCodebooks} are possible.", name);
        }

        var sizes = Sizes;
        ThrowUnless(sizes.Min() >= 1, nameof(CodebookSizes), sizes.Min(), "at least 1", name);
        if (SharedCodebook && sizes.Min() != sizes.Max())
        {
            throw new ArgumentException($"{name}.SharedCodebook is set, but sizes go from {sizes.Min()} to {sizes.Max()}.", name);
        }
    }

    private static void ThrowUnless(bool valid, string option, object value, string range, string name)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name}.{option} must be {range}, but is {value}.");
        }
    }
}
