using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Sixteen scalars, for machines without vectors.</summary>
[InlineArray(PanelLayout.PanelSize)]
internal unsafe struct FusedLanesScalar : IFusedLanes<FusedLanesScalar>
{
    private float _first;

    public static bool HasManyRegisters => false;

    public static FusedLanesScalar Zero => default;

    public static FusedLanesScalar Create(float value)
    {
        FusedLanesScalar result = default;
        ((Span<float>)result).Fill(value);
        return result;
    }

    public static FusedLanesScalar Load(float* source) => *(FusedLanesScalar*)source;

    public static void Store(FusedLanesScalar value, float* destination) => *(FusedLanesScalar*)destination = value;

    public static FusedLanesScalar Add(FusedLanesScalar left, FusedLanesScalar right)
    {
        for (var i = 0; i < PanelLayout.PanelSize; i++)
        {
            left[i] += right[i];
        }

        return left;
    }

    public static FusedLanesScalar Subtract(FusedLanesScalar left, FusedLanesScalar right)
    {
        for (var i = 0; i < PanelLayout.PanelSize; i++)
        {
            left[i] -= right[i];
        }

        return left;
    }

    public static FusedLanesScalar FusedMultiplyAdd(FusedLanesScalar left, FusedLanesScalar right, FusedLanesScalar sum)
    {
        for (var i = 0; i < PanelLayout.PanelSize; i++)
        {
            sum[i] = MathF.FusedMultiplyAdd(left[i], right[i], sum[i]);
        }

        return sum;
    }

    public static FusedLanesScalar FusedMultiplyAdd(FusedLanesScalar left, float* right, FusedLanesScalar sum)
        => FusedMultiplyAdd(left, Load(right), sum);
}
