namespace Rvq.Tool.Json;

/// <summary>How a codebook is used.</summary>
/// <param name="Size">Its codewords; null where the file does not say.</param>
/// <param name="Used">Those that occur.</param>
/// <param name="Largest">The largest code that occurs; −1 if there is none.</param>
/// <param name="Perplexity">The number of codewords that, used alike, would carry as much.</param>
internal sealed record CodebookUsage(int? Size, int Used, int Largest, double Perplexity);
