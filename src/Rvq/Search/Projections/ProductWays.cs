namespace Rvq.Search;

/// <summary>What the sums of a chain begin with and where they go; the pointers move on with the vectors.</summary>
/// <param name="start">What every sum starts at, a value for each output, or null for zero.</param>
/// <param name="before">The sums of the chains before, which are added first, or null where there are none.</param>
/// <param name="beforeStride">The distance between two rows of these.</param>
/// <param name="augend">What is added at last, or null for nothing; rows as far apart as those of the destination.</param>
/// <param name="destination">Where the sums are stored.</param>
/// <param name="stride">The distance between two of its rows.</param>
internal unsafe struct ProductWays(float* start, float* before, nint beforeStride, float* augend, float* destination, nint stride)
{
    public readonly float* Start = start;
    public readonly nint BeforeStride = beforeStride;
    public readonly nint Stride = stride;
    public float* Before = before;
    public float* Augend = augend;
    public float* Destination = destination;
}
