namespace Rvq.Streams;

/// <summary>How an <see cref="RvqReader"/> works. By default it is strict and reads all codebooks.</summary>
public sealed record RvqReaderOptions
{
    /// <summary>
    /// False (the default): the first fault throws. True: faults are counted, and what is not sound is skipped up to the next chunk that
    /// is; the reader then reads ahead of what it returns.
    /// </summary>
    public bool Recover { get; init; }

    /// <summary>
    /// Where a recovering reader finds that frames are missing: true gives a chunk in their place (<see cref="RvqChunk.IsGap"/>), so that
    /// time does not shift; false (the default) leaves them out, and the next chunk's <see cref="RvqChunk.FramesLost"/> tells. A gap longer
    /// than a chunk can be (2^22 codes: half an hour of 32 codebooks at 75 frames a second) is left out all the same, and so is what a
    /// stream lost at its end with its end mark.
    /// </summary>
    public bool FillGaps { get; init; }

    /// <summary>
    /// The most codebooks to read of every chunk, at least 1, or null (the default) for all; the others' bytes are skipped.
    /// </summary>
    public int? CodebookCount { get; init; }

    /// <summary>Whether a model may decode a stream whose fingerprint is not the model's, or not known; false by default.</summary>
    public bool AllowOtherModel { get; init; }
}
