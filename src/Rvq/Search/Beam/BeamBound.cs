namespace Rvq.Search;

/// <summary>What is known of the approximate scores of a partial stack. BOUNDS.md, B6.</summary>
/// <param name="Error">E: how far they can be off, besides the spread; infinite where that is not known.</param>
/// <param name="Magnitude">X: a bound of them, and of the residual's norm times that of any centered codeword.</param>
/// <param name="Spread">A of <see cref="ByteErrorBound"/>.</param>
internal readonly record struct BeamBound(double Error, double Magnitude, float Spread)
{
    /// <summary>Whether the scores say anything.</summary>
    public bool IsKnown => Error < float.MaxValue;
}
