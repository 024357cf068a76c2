namespace Rvq.Streams;

/// <summary>How an <see cref="RvqReader"/> works. By default it is strict and reads all codebooks.</summary>
public sealed record RvqReaderOptions
{
    /// <summary>
    /// False: the first fault throws. True: faults are counted, and what is not sound is skipped up to the next chunk that is; the reader
    /// then reads ahead of what it returns.
    /// </summary>
    public bool Recover { get; init; }

    /// <summary>The most codebooks to read of every chunk, at least 1, or null for all; the others' bytes are skipped.</summary>
    public int? CodebookCount { get; init; }

    /// <summary>Whether a model may decode a stream whose fingerprint is not the model's, or not known.</summary>
    public bool AllowOtherModel { get; init; }
}
