namespace Rvq.Training;

/// <summary>What a training run reports after each of its iterations.</summary>
/// <param name="Stage">The stage being trained, from 0.</param>
/// <param name="StageCount">The number of stages.</param>
/// <param name="Iteration">The iterations done of this stage's k-means, from 1; they begin again with every restart.</param>
/// <param name="IterationCount">The iterations that there will be at most.</param>
/// <param name="Error">The squared error per frame of the training frames so far, summed over the dimensions.</param>
/// <param name="Fraction">
/// The share of the whole work that is done, in [0, 1], by operation count: what the remaining time can be estimated from.
/// </param>
public readonly record struct TrainingProgress(int Stage, int StageCount, int Iteration, int IterationCount, double Error, double Fraction);
