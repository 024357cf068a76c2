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
}
