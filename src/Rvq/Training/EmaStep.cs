namespace Rvq.Training;

/// <summary>The outcome of one step of <see cref="EmaTrainer"/>, over the frames of all workers.</summary>
/// <param name="Stages">The stages that ran, in order: all of them, or the first few where quantizer dropout left the others out.</param>
public sealed record EmaStep(IReadOnlyList<EmaStage> Stages)
{
    /// <summary>The mean of the stages' commitment losses, without a weight.</summary>
    public double CommitmentLoss => Stages.Average(stage => stage.CommitmentLoss);

    /// <summary>The stages' commitment losses, weighted as <see cref="EmaTrainerOptions.Commitment"/> says.</summary>
    public double Loss { get; init; }

    /// <summary>The frames taken in, padding not counted.</summary>
    public long FrameCount { get; init; }
}
