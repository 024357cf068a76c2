namespace Rvq.Tool.Report;

/// <summary>What a number of codebooks costs and gives.</summary>
/// <param name="Codebooks">The number of codebooks.</param>
/// <param name="BitsPerFrame">The bits of a frame.</param>
/// <param name="Ratio">The signal-to-noise ratio in dB; infinite where nothing is lost.</param>
/// <param name="Error">The squared error per frame.</param>
internal sealed record RatePoint(int Codebooks, double BitsPerFrame, double Ratio, double Error);
