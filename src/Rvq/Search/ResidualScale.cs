namespace Rvq.Search;

/// <summary>How a residual in eight bits is to be read.</summary>
/// <param name="Step">s_r, what a unit of its bytes is worth.</param>
/// <param name="Spread">A, the error of a score against the codeword with the largest error.</param>
internal readonly record struct ResidualScale(float Step, float Spread);
