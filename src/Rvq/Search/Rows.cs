using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>Element by element work on padded rows of float32; the same bits at any width.</summary>
internal static unsafe class Rows
{
    /// <summary>destination = left − right; the destination may be one of them. All have <paramref name="paddedLength"/> values, a multiple of eight.</summary>
    public static void Difference(float* left, float* right, float* destination, int paddedLength)
    {
        for (var i = 0; i < paddedLength; i += Definition.Lanes)
        {
            if (Vector256.IsHardwareAccelerated)
            {
                (Vector256.Load(left + i) - Vector256.Load(right + i)).Store(destination + i);
            }
            else
            {
                (Vector128.Load(left + i) - Vector128.Load(right + i)).Store(destination + i);
                (Vector128.Load(left + i + 4) - Vector128.Load(right + i + 4)).Store(destination + i + 4);
            }
        }
    }

    /// <summary>destination = left + right, likewise.</summary>
    public static void Sum(float* left, float* right, float* destination, int paddedLength)
    {
        for (var i = 0; i < paddedLength; i += Definition.Lanes)
        {
            if (Vector256.IsHardwareAccelerated)
            {
                (Vector256.Load(left + i) + Vector256.Load(right + i)).Store(destination + i);
            }
            else
            {
                (Vector128.Load(left + i) + Vector128.Load(right + i)).Store(destination + i);
                (Vector128.Load(left + i + 4) + Vector128.Load(right + i + 4)).Store(destination + i + 4);
            }
        }
    }
}
