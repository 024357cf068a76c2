namespace Rvq.Checkpoints;

/// <summary>
/// A tensor whose kind cannot be read (quantized, sparse, without data, …); it is listed all the same, so that nothing passes unseen.
/// </summary>
internal sealed record PickleUnread(string Kind, long[] Shape);
