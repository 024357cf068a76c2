namespace Rvq.Search;

/// <summary>
/// The <see cref="CodewordProducts"/> between each stage of a stack and the few stages before it, from which beam search computes the
/// scores of partial stacks with common ancestors. Built stage by stage when first used; for fewer stages back where codebooks are many or
/// large.
/// </summary>
internal sealed class StackProducts
{
    /// <summary>The most stages back. B6 is proven for at most four.</summary>
    public const int MaxDepth = 4;

    // Per stack of codebooks: EnCodec's eight take 22 MB for four stages back, its 32 take 61 MB for two.
    private const long MaxBytes = 64L << 20;

    // Of short or few codewords, scoring a residual costs little more than adding a row of products.
    private const int MinDimensions = 32;
    private const int MinSize = 64;

    private readonly Lazy<CodewordProducts[]>[] _before;

    public StackProducts(Stage[] stages)
    {
        while (Depth < MaxDepth && Bytes(stages, Depth + 1) <= MaxBytes)
        {
            Depth++;
        }

        _before = [.. stages.Select((_, later) => new Lazy<CodewordProducts[]>(() =>
        [
            .. Enumerable.Range(1, Math.Min(Depth, later))
                .Select(back => (Earlier: stages[later - back], Later: stages[later]))
                .TakeWhile(pair
                    => Gains(pair.Earlier, pair.Later) && CodewordProducts.Cover(pair.Earlier.SearchTable, pair.Later.SearchTable))
                .Select(pair => new CodewordProducts(pair.Earlier.SearchTable, pair.Later.SearchTable)),
        ]))];
    }

    /// <summary>The number of stages back that there are products for, at most.</summary>
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
