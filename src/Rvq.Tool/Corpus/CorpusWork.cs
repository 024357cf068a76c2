namespace Rvq.Tool.Corpus;

/// <summary>What a command does with each of many inputs: it opens one as clips of codes or of frames, and writes such clips.</summary>
internal sealed record CorpusWork<T>
{
    /// <summary>The inputs that are worked on at a time.</summary>
    public required int Threads { get; init; }

    /// <summary>Frames per second of sound, or null.</summary>
    public required double? FrameRate { get; init; }

    /// <summary>What all outputs of a folder have in common.</summary>
    public required Func<ClipFormat, SortedDictionary<string, string>> Identity { get; init; }

    /// <summary>Whether an output (first) of an input (second) is whole.</summary>
    public required Func<string, string, bool> IsWhole { get; init; }

    /// <summary>Opens an input.</summary>
    public required Func<CorpusItem, CorpusProgress, ClipFile<T>> Open { get; init; }

    /// <summary>Writes an input's output.</summary>
    public required Action<Stream, ClipFile<T>, ClipFormat> Write { get; init; }

    /// <summary>Writes one table of all inputs.</summary>
    public required Action<Stream, CorpusTable, CorpusProgress> WriteTable { get; init; }
}
