namespace Rvq.Training;

/// <summary>What the statistics of one step are of: statistics are added and applied only where it is the same.</summary>
/// <param name="Step">The steps that the trainer had made.</param>
/// <param name="Dimensions">D.</param>
/// <param name="Sizes">The codewords of the stages that run.</param>
/// <param name="Candidates">For each codebook of them the rows that may become codewords.</param>
internal sealed record EmaShape(long Step, int Dimensions, int[] Sizes, int[] Candidates)
{
    public bool Equals(EmaShape? other)
        => other is not null && Step == other.Step && Dimensions == other.Dimensions
            && Sizes.AsSpan().SequenceEqual(other.Sizes) && Candidates.AsSpan().SequenceEqual(other.Candidates);

    public override int GetHashCode() => HashCode.Combine(Step, Dimensions, Sizes.Length);

    public override string ToString()
        => $"step {Step} ({Dimensions} dimensions, {Sizes.Length} stages of {string.Join(", ", Sizes.Distinct())} codewords, up to "
            + $"{Candidates.Sum()} replaced)";
}
