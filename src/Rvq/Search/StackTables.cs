namespace Rvq.Search;

/// <summary>
/// What the search makes of a stack's stages, each built when it is first asked for and shared with the stacks of its first stages
/// (<see cref="RvqModel.Take"/>).
/// </summary>
internal sealed class StackTables(Stage[] stages, StackTables? whole)
{
    private readonly Lazy<StageProjections> _projections = whole?._projections ?? new(() => new StageProjections(stages));
    private readonly Lazy<StackProducts> _products = whole?._products ?? new(() => new StackProducts(stages));
    private readonly Lazy<SmallStackTables?> _smallStack = new(() => whole?.SmallStack ?? SmallStackTables.Of(stages));

    /// <summary>What stages search that is not the residual itself.</summary>
    public StageProjections Projections => _projections.Value;

    /// <summary>What the codes of stages do to the scores of later ones, for beams.</summary>
    public StackProducts Products => _products.Value;

    /// <summary>The stages for the residual loop over small codebooks, those of the whole stack perhaps; or null where one is not small.</summary>
    public SmallStackTables? SmallStack => _smallStack.Value;
}
