namespace Rvq.Search;

/// <summary>How a residual in eight bits is to be read.</summary>
/// <param name="Step">s_r, what a unit of its bytes is worth.</param>
/// <param name="Spread">A of <see cref="ByteErrorBound"/>, the error of a score in units of the codeword's weight.</param>
/// <param name="Start">What its sums begin with, because codewords are stored with <see cref="BytePanels.Offset"/>.</param>
internal readonly record struct ResidualScale(float Step, float Spread, int Start);
