namespace Rvq.Tool.Corpus;

/// <summary>One input of many.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Name">Its place in the tree of outputs, with '/' between folders and without the file's extension.</param>
internal sealed record CorpusItem(string Path, string Name);
