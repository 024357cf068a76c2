namespace Rvq.Training;

/// <summary>
/// How an <see cref="EmaTrainer"/> updates its codebooks. The defaults are Mimi's; vector-quantize-pytorch's are
/// <see cref="UsageSmoothing.Laplace"/>, <see cref="DeadCodeRule.BelowThreshold"/> and an interval of 1.
/// </summary>
public sealed record EmaTrainerOptions
{
    /// <summary>The number of stages, in [1, 65536].</summary>
    public int CodebookCount { get; init; } = 8;

    /// <summary>The codewords of each codebook, at least 1.</summary>
    public int CodebookSize { get; init; } = 1024;

    /// <summary>One codebook for all stages. It takes in the averages once per stage and step.</summary>
    public bool SharedCodebook { get; init; }

    /// <summary>The weight of the past in the moving averages, in [0, 1).</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>How usage becomes the divisor of a codeword's sum.</summary>
    public UsageSmoothing Smoothing { get; init; } = UsageSmoothing.Clamp;

    /// <summary>The ε of <see cref="Smoothing"/>, above 0.</summary>
    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Which codewords are replaced.</summary>
    public DeadCodeRule DeadCodeRule { get; init; } = DeadCodeRule.BelowMean;

    /// <summary>The limit of <see cref="DeadCodeRule"/>, above 0: frames per step, or a share of the mean usage.</summary>
    public double DeadCodeThreshold { get; init; } = 0.1;

    /// <summary>The steps from one check for dead codewords to the next, at least 1.</summary>
    public int DeadCodeInterval { get; init; } = 5;

    /// <summary>The k-means iterations on the first batch, at least 0; with 0 the first codewords are frames of it.</summary>
    public int InitializationIterations { get; init; } = 50;

    /// <summary>The probability that a step uses only the first n stages, n drawn evenly from 1 … N; in [0, 1].</summary>
    public double QuantizerDropout { get; init; }

    /// <summary>The seed of every random choice.</summary>
    public ulong Seed { get; init; }

    /// <summary>The threads that a step may use, at least 1. The result does not depend on it.</summary>
    public int MaxDegreeOfParallelism { get; init; } = 1;

    internal void Validate(string name)
    {
        ThrowUnless(CodebookCount is >= 1 and <= RvqTrainerOptions.MaxCodebooks, nameof(CodebookCount), CodebookCount, $"in [1, {RvqTrainerOptions.MaxCodebooks}]", name);
        ThrowUnless(CodebookSize >= 1, nameof(CodebookSize), CodebookSize, "at least 1", name);
        ThrowUnless(Decay is >= 0 and < 1, nameof(Decay), Decay, "in [0, 1)", name);
        ThrowUnless(Enum.IsDefined(Smoothing), nameof(Smoothing), Smoothing, "Clamp or Laplace", name);
        ThrowUnless(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "above 0 and finite", name);
        ThrowUnless(Enum.IsDefined(DeadCodeRule), nameof(DeadCodeRule), DeadCodeRule, "None, BelowThreshold or BelowMean", name);
        ThrowUnless(DeadCodeThreshold > 0 && double.IsFinite(DeadCodeThreshold), nameof(DeadCodeThreshold), DeadCodeThreshold, "above 0 and finite", name);
        ThrowUnless(DeadCodeInterval >= 1, nameof(DeadCodeInterval), DeadCodeInterval, "at least 1", name);
        ThrowUnless(InitializationIterations >= 0, nameof(InitializationIterations), InitializationIterations, "at least 0", name);
        ThrowUnless(QuantizerDropout is >= 0 and <= 1, nameof(QuantizerDropout), QuantizerDropout, "in [0, 1]", name);
        ThrowUnless(MaxDegreeOfParallelism >= 1, nameof(MaxDegreeOfParallelism), MaxDegreeOfParallelism, "at least 1", name);
    }

    private static void ThrowUnless(bool valid, string option, object value, string range, string name)
    {
        if (!valid)
        {
            throw new ArgumentOutOfRangeException(name, value, $"options.{option} must be {range}, but is {value}.");
        }
    }
}
