namespace Rvq;

/// <summary>How a stage compares a residual with its codewords.</summary>
public enum SearchMetric
{
    /// <summary>The nearest codeword in Euclidean distance: smallest ½‖c‖² − ⟨r, c⟩ (EnCodec, SoundStream, Mimi, VQ-VAE).</summary>
    Euclidean,

    /// <summary>
    /// The codeword of the smallest angle: largest ⟨z, c / max(‖c‖, 1e-12)⟩, the rows normalised in binary64 and rounded once to
    /// float32. What is decoded and subtracted is the row as it was given (DAC, SNAC).
    /// </summary>
    Cosine,
}
