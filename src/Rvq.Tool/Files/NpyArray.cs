namespace Rvq.Tool.Files;

/// <summary>The values of a .npy file in the order in which they are stored, and what they mean.</summary>
/// <param name="Values">The values, as many as the product of <paramref name="Shape"/>.</param>
/// <param name="Shape">The length of each axis.</param>
/// <param name="FortranOrder">Whether the first axis varies fastest instead of the last.</param>
internal sealed record NpyArray<T>(T[] Values, int[] Shape, bool FortranOrder = false)
{
    /// <summary>The distance between neighbours along each axis.</summary>
    public long[] Strides
    {
        get
        {
            var strides = new long[Shape.Length];
            var step = 1L;
            for (var i = 0; i < strides.Length; i++)
            {
                var axis = FortranOrder ? i : strides.Length - 1 - i;
                strides[axis] = step;
                step *= Shape[axis];
            }

            return strides;
        }
    }
}
