namespace Rvq.Search;

/// <summary>What is known of the scores of a partial stack.</summary>
/// <param name="Error">How far they can be off, besides the spread.</param>
/// <param name="Magnitude">A bound of them, and of the residual's norm times that of any centered codeword.</param>
/// <param name="Spread">A of <see cref="ByteErrorBound"/>.</param>
internal readonly record struct BeamBound(double Error, double Magnitude, float Spread);
