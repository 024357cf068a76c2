namespace Rvq.Training;

/// <summary>Which codewords count as dead and are replaced by residuals of the batch.</summary>
public enum DeadCodeRule
{
    /// <summary>None is replaced. This is what EnCodec does in effect: its replacement is overwritten by the same step.</summary>
    None,

    /// <summary>
    /// A usage below <see cref="EmaTrainerOptions.DeadCodeThreshold"/> frames per step, after the update. The new codeword starts with
    /// that usage (vector-quantize-pytorch).
    /// </summary>
    BelowThreshold,

    /// <summary>
    /// A usage below <see cref="EmaTrainerOptions.DeadCodeThreshold"/> times the codebook's mean usage, before the update. The new
    /// codeword starts with the mean usage (Mimi).
    /// </summary>
    BelowMean,
}
