namespace Rvq.Search;

/// <summary>
/// The tables that the search derives from a stack's stages, each built when it is first asked for and shared with the stacks of the first
/// stages (<see cref="RvqModel.Take"/>).
/// </summary>
internal sealed class StackTables(Stage[] stages, StackTables? whole)
{
    private readonly Lazy<StageProjections> _projections = whole?._projections ?? new(() => new StageProjections(stages));
    private readonly Lazy<StackProducts> _products = whole?._products ?? new(() => new StackProducts(stages));
    private readonly Lazy<SmallStackTables?> _smallStack = new(() => whole?.SmallStack ?? SmallStackTables.Of(stages));

    /// <summary>The projections of the residual that stages search.</summary>
    public StageProjections Projections => _projections.Value;

    /// <summary>How codes change the scores of later stages, for beams.</summary>
    public StackProducts Products => _products.Value;

    /// <summary>
    /// Tables for the residual loop over small codebooks, at least for these stages (perhaps for the whole stack); null where a codebook is
    /// not small.
    /// </summary>
    public SmallStackTables? SmallStack => _smallStack.Value;
}
