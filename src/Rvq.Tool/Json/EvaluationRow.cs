namespace Rvq.Tool.Json;

/// <summary>What the first codebooks of a model give on frames.</summary>
/// <param name="CodebookCount">The number of codebooks.</param>
/// <param name="BitsPerFrame">Their bits.</param>
/// <param name="KilobitsPerSecond">Their bit rate; null where the frame rate is not known.</param>
/// <param name="SignalToNoiseRatio">In decibel; null where there is no error at all.</param>
/// <param name="CodebookSize">The codewords of the last of them.</param>
/// <param name="UsedCodes">The codewords of the last of them that occur.</param>
/// <param name="Perplexity">The codewords of the last of them that, used alike, would carry as much.</param>
internal sealed record EvaluationRow(
    int CodebookCount, double BitsPerFrame, double? KilobitsPerSecond, double? SignalToNoiseRatio, int CodebookSize, int UsedCodes,
    double Perplexity);
