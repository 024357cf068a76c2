namespace Rvq.Training;

/// <summary>The random choices of a step that has not been made yet.</summary>
/// <param name="Stages">The stages that run.</param>
/// <param name="Salt">Chooses the rows that dead codewords become.</param>
/// <param name="Random">The random choices after the step.</param>
internal sealed record EmaUpcoming(int Stages, ulong Salt, SeededRandom Random);
