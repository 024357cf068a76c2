using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>The definition's sums at the width of this machine, for code that is not a kernel.</summary>
internal static unsafe class Lanes
{
    public static double Dot(float* a, float* b, int paddedLength)
        => Vector512.IsHardwareAccelerated ? Definition.Dot<DoubleLanes512>(a, b, paddedLength)
        : Vector256.IsHardwareAccelerated ? Definition.Dot<DoubleLanes256>(a, b, paddedLength)
        : Vector128.IsHardwareAccelerated ? Definition.Dot<DoubleLanes128>(a, b, paddedLength)
        : Definition.Dot<DoubleLanesScalar>(a, b, paddedLength);

    public static void Dots(float** left, float** right, int count, int paddedLength, double* products)
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
