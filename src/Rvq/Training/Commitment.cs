namespace Rvq.Training;

/// <summary>
/// How the stages' commitment losses, each the mean over frames and dimensions of (r − q)², make one loss and its gradient.
/// </summary>
public sealed record Commitment
{
    /// <summary>
    /// EnCodec: the mean over the stages with weight 1. Its straight-through estimator in every stage leaves only the first stage's
    /// gradient.
    /// </summary>
    public static Commitment EnCodec { get; } = new() { OnlyFirstStageHasGradient = true };

    /// <summary>Mimi: the mean over the stages with weight 1, each with its gradient. The default.</summary>
    public static Commitment Mimi { get; } = new();

    /// <summary>VQ-VAE and those who follow it stage by stage (SoundStream, DAC): the sum over the stages with β = 0.25.</summary>
    public static Commitment VqVae { get; } = new() { Weight = 0.25, SumsStages = true };

    /// <summary>The weight β, at least 0 and finite; 1 by default.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether the stages' losses are added; false, the default, takes their mean over the stages that ran.</summary>
    public bool SumsStages { get; init; }

    /// <summary>Whether the gradient is the first stage's alone; false by default.</summary>
    public bool OnlyFirstStageHasGradient { get; init; }

    /// <summary>What a stage's loss is multiplied with.</summary>
    internal double StageWeight(int stages) => SumsStages ? Weight : Weight / stages;
}
