namespace Rvq.Search;

/// <summary>Extends the partial stacks of a beam by the codewords of one stage, as a kernel has chosen it.</summary>
internal abstract class BeamExtender
{
    /// <summary>
    /// Writes the best extensions of the partial stacks, by the definition of <see cref="BeamEncoder"/>, and their residuals.
    /// </summary>
    public abstract void Extend(in BeamStep step, SearchScratch scratch);
}
