namespace Rvq.Training;

/// <summary>Where k-means takes its first codewords from.</summary>
public enum CodebookInitialization
{
    /// <summary>Distinct frames drawn evenly.</summary>
    Sampled,

    /// <summary>k-means++: frames drawn one after another with a probability proportional to their squared distance from the nearest one drawn so far.</summary>
    PlusPlus,
}
