namespace Rvq.Training;

/// <summary>The outcome of one step of <see cref="EmaTrainer"/>.</summary>
/// <param name="Stages">The stages that ran, in order: all of them, or the first few where quantizer dropout left the others out.</param>
public sealed record EmaStep(IReadOnlyList<EmaStage> Stages)
{
    /// <summary>The mean of the stages' commitment losses, as EnCodec weighs them; vector-quantize-pytorch takes the sum.</summary>
    public double CommitmentLoss => Stages.Average(stage => stage.CommitmentLoss);
}
