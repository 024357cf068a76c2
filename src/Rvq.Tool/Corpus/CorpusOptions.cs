namespace Rvq.Tool.Corpus;

/// <summary>How many inputs are worked on.</summary>
/// <param name="Folder">Where the outputs go.</param>
/// <param name="Resume">Whether outputs that are whole stay.</param>
/// <param name="Shard">The part of the inputs.</param>
/// <param name="Threads">The inputs that are worked on at a time.</param>
/// <param name="FrameRate">Frames per second of sound, for the progress, or null.</param>
internal sealed record CorpusOptions(string Folder, bool Resume, Shard Shard, int Threads, double? FrameRate);
