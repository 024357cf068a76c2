namespace Rvq.Search;

/// <summary>
/// The <see cref="CodewordProducts"/> between stages of a stack and the few before them, from which beam search takes the scores of partial stacks that
/// have a common beginning. Built stage by stage when first used; where codebooks are many or large, fewer of them.
/// </summary>
internal sealed class StackProducts
{
    /// <summary>The most stages that a stage looks back.</summary>
    public const int MaxDepth = 4;

    private const long MostBytes = 64L << 20;

    // Where codewords are short or few, scoring a residual costs little more than what it would be taken from.
    private const int MinDimensions = 32;
    private const int MinSize = 64;

    private readonly Lazy<CodewordProducts[]>[] _before;

    public StackProducts(Stage[] stages)
    {
        while (Depth < MaxDepth && Bytes(stages, Depth + 1) <= MostBytes)
        {
            Depth++;
        }

        _before = [.. stages.Select((_, later) => new Lazy<CodewordProducts[]>(() =>
        [
            .. Enumerable.Range(1, Math.Min(Depth, later))
                .TakeWhile(back => Gains(stages[later - back], stages[later]) && CodewordProducts.Cover(stages[later - back].SearchTable, stages[later].SearchTable))
                .Select(back => new CodewordProducts(stages[later - back].SearchTable, stages[later].SearchTable)),
        ]))];
    }

    /// <summary>The stages that any stage looks back.</summary>
    public int Depth { get; }

    /// <summary>The products of a stage's codewords with those of the stage before it, of the one before that, and so on.</summary>
    public CodewordProducts[] Before(int stage) => _before[stage].Value;

    private static bool Gains(Stage earlier, Stage later)
        => later.Codebook.Dimensions >= MinDimensions && later.Codebook.Size >= MinSize && earlier.Codebook.Size >= MinSize;

    private static long Bytes(Stage[] stages, int depth)
    {
        long bytes = 0;
        for (var later = 1; later < stages.Length; later++)
        {
            for (var earlier = Math.Max(0, later - depth); earlier < later; earlier++)
            {
                bytes += Gains(stages[earlier], stages[later]) ? (long)stages[earlier].Codebook.Size * stages[later].Codebook.Size : 0;
            }
        }

        return bytes;
    }
}
