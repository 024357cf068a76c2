using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// The sums of <see cref="Definition"/> at the machine's widest vectors, for code that belongs to no kernel: the bits are the same at any
/// width.
/// </summary>
internal static unsafe class WidestSums
{
    public static double Dot(float* a, float* b, int paddedLength)
    {
        double product;
        Dots(&a, &b, 1, paddedLength, &product);
        return product;
    }

    /// <summary>⟨r, r⟩ of rows [count, paddedLength].</summary>
    public static void SquaredNorms(float* rows, int count, int paddedLength, double* norms)
    {
        const int AtOnce = 64;
        var pointers = stackalloc float*[AtOnce];
        for (var first = 0; first < count; first += AtOnce)
        {
            var some = Math.Min(AtOnce, count - first);
            for (var i = 0; i < some; i++)
            {
                pointers[i] = rows + ((nint)(first + i) * paddedLength);
            }

            Dots(pointers, pointers, some, paddedLength, norms + first);
        }
    }

    private static void Dots(float** left, float** right, int count, int paddedLength, double* products)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Definition.Dots<DoubleLanes512>(left, right, count, paddedLength, products);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Definition.Dots<DoubleLanes256>(left, right, count, paddedLength, products);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Definition.Dots<DoubleLanes128>(left, right, count, paddedLength, products);
        }
        else
        {
            Definition.Dots<DoubleLanesScalar>(left, right, count, paddedLength, products);
        }
    }
}
