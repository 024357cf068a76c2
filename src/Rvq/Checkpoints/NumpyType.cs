namespace Rvq.Checkpoints;

/// <summary>numpy's element types, such as <c>&lt;f4</c>, and layouts.</summary>
internal static class NumpyType
{
    /// <summary>The type of a code with its byte order, and the bytes of an element, 0 where they are not known.</summary>
    public static (ElementType Type, string Name, int Size) Of(string code) => code switch
    {
        "<f4" => (ElementType.Float32, "F32", 4),
        "<f2" => (ElementType.Float16, "F16", 2),
        "<f8" => (ElementType.Float64, "F64", 8),
        [_, 'i' or 'u' or 'f' or 'b', >= '1' and <= '8' and var size] => (ElementType.Other, code, size - '0'),
        _ => (ElementType.Other, code, 0),
    };

    /// <summary>The steps between elements of an array whose first index runs fastest; null where that is row-major as well.</summary>
    public static long[]? FortranStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        var step = 1L;
        for (var i = 0; i < shape.Length; i++)
        {
            strides[i] = step;
            step *= Math.Max(shape[i], 1);
        }

        return shape.Count(size => size > 1) > 1 ? strides : null;
    }
}
