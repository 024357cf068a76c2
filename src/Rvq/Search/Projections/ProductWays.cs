namespace Rvq.Search;

/// <summary>
/// The epilogue of a chain: where its sums start, what is added to them, and where they are stored. Pointers advance with the vectors.
/// </summary>
/// <param name="start">The initial values, one for each output, or null for zero.</param>
/// <param name="before">The sums of the chains before, which are added first, or null for the first chain.</param>
/// <param name="beforeStride">The distance between two rows of <paramref name="before"/>.</param>
/// <param name="augend">Added last, with the destination's stride; or null.</param>
/// <param name="destination">The results.</param>
/// <param name="stride">The distance between two rows of <paramref name="destination"/>.</param>
internal unsafe struct ProductWays(float* start, float* before, nint beforeStride, float* augend, float* destination, nint stride)
{
    public readonly float* Start = start;
    public readonly nint BeforeStride = beforeStride;
    public readonly nint Stride = stride;
    public float* Before = before;
    public float* Augend = augend;
    public float* Destination = destination;
}
