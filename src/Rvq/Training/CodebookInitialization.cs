namespace Rvq.Training;

/// <summary>Where k-means takes its first codewords from.</summary>
public enum CodebookInitialization
{
    /// <summary>Distinct frames drawn evenly. Frames that are equal count once.</summary>
    Sampled,

    /// <summary>
    /// k-means++: frames drawn one after another with a probability proportional to their squared distance from the nearest one drawn so
    /// far. They are drawn from a sample of 16 frames a codeword.
    /// </summary>
    PlusPlus,
}
