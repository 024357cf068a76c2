namespace Rvq.Training;

/// <summary>What one stage did in a step of <see cref="EmaTrainer"/>.</summary>
/// <param name="CommitmentLoss">
/// The mean over frames and dimensions of (r − q)², r the stage's input (brought to length 1 for a cosine codebook) and q its codeword
/// before the update.
/// </param>
/// <param name="Perplexity">
/// The perplexity of the batch's codes, in [1, K]; its last bit may differ from machine to machine, as logarithms do.
/// </param>
/// <param name="UsedCodes">The codewords that the batch used.</param>
/// <param name="ReplacedCodes">The dead codewords of the stage's codebook that were replaced.</param>
public readonly record struct EmaStage(double CommitmentLoss, double Perplexity, int UsedCodes, int ReplacedCodes);
