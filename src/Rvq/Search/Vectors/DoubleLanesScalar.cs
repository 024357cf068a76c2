using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Eight scalars, for machines without vectors.</summary>
[InlineArray(Definition.Lanes)]
internal unsafe struct DoubleLanesScalar : IDoubleLanes<DoubleLanesScalar>
{
    private double _first;

    public static DoubleLanesScalar Zero => default;

    public static DoubleLanesScalar Widen(float* source)
    {
        DoubleLanesScalar result = default;
        for (var i = 0; i < Definition.Lanes; i++)
        {
            result[i] = source[i];
        }

        return result;
    }

    public static DoubleLanesScalar AddExactProduct(DoubleLanesScalar left, DoubleLanesScalar right, DoubleLanesScalar sum)
    {
        for (var i = 0; i < Definition.Lanes; i++)
        {
            sum[i] += left[i] * right[i];
        }

        return sum;
    }

    public static double Sum(DoubleLanesScalar value)
        => ((value[0] + value[4]) + (value[2] + value[6])) + ((value[1] + value[5]) + (value[3] + value[7]));
}
