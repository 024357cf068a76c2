using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// Sums and differences of rows at one width: sixteen values at a time, and where a row ends in eight, eight in one vector, which machines
/// of half that width take as two (eight dimensions are DAC's and SNAC's: two vectors there cost a seventh of the time).
/// </summary>
internal sealed unsafe class LaneArithmetic<T> : RowArithmetic
    where T : struct, IFusedLanes<T>
{
    private const int Width = PanelLayout.PanelSize;

    [MethodImpl(InnerLoop.Options)]
    public override void Subtract(float* rows, int* codes, nint codeStride, float* residuals, int count, int paddedLength)
    {
        for (; count > 0; count--, codes += codeStride, residuals += paddedLength)
        {
            Difference(residuals, rows + ((nint)(*codes) * paddedLength), residuals, paddedLength);
        }
    }

    [MethodImpl(InnerLoop.Options)]
    public override void Add(float* left, float* right, float* destination, int paddedLength)
        => Sum(left, right, destination, paddedLength);

    /// <summary>
    /// destination = left − right; the destination may be one of them. All have <paramref name="paddedLength"/> values, a multiple of
    /// eight.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Difference(float* left, float* right, float* destination, int paddedLength)
    {
        nint i = 0;
        for (; i + Width <= paddedLength; i += Width)
        {
            T.Store(T.Subtract(T.Load(left + i), T.Load(right + i)), destination + i);
        }

        if (i < paddedLength)
        {
            (Vector256.Load(left + i) - Vector256.Load(right + i)).Store(destination + i);
        }
    }

    /// <summary>destination = left + right, as <see cref="Difference"/> subtracts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sum(float* left, float* right, float* destination, int paddedLength)
    {
        nint i = 0;
        for (; i + Width <= paddedLength; i += Width)
        {
            T.Store(T.Add(T.Load(left + i), T.Load(right + i)), destination + i);
        }

        if (i < paddedLength)
        {
            (Vector256.Load(left + i) + Vector256.Load(right + i)).Store(destination + i);
        }
    }

    [MethodImpl(InnerLoop.Options)]
    public override void SumAll(float** rows, nint step, int frames, int count, float* destination, nint paddedLength)
    {
        for (; frames > 0; frames--, rows += step, destination += paddedLength)
        {
            var end = rows + count;
            nint i = 0;
            for (; i + (4 * Width) <= paddedLength; i += 4 * Width)
            {
                var row = *rows + i;
                T a = T.Load(row), b = T.Load(row + Width), c = T.Load(row + (2 * Width)), d = T.Load(row + (3 * Width));
                for (var next = rows + 1; next < end; next++)
                {
                    row = *next + i;
                    a = T.Add(a, T.Load(row));
                    b = T.Add(b, T.Load(row + Width));
                    c = T.Add(c, T.Load(row + (2 * Width)));
                    d = T.Add(d, T.Load(row + (3 * Width)));
                }

                T.Store(a, destination + i);
                T.Store(b, destination + i + Width);
                T.Store(c, destination + i + (2 * Width));
                T.Store(d, destination + i + (3 * Width));
            }

            for (; i + Width <= paddedLength; i += Width)
            {
                var sum = T.Load(*rows + i);
                for (var next = rows + 1; next < end; next++)
                {
                    sum = T.Add(sum, T.Load(*next + i));
                }

                T.Store(sum, destination + i);
            }

            if (i < paddedLength)
            {
                var sum = Vector256.Load(*rows + i);
                for (var next = rows + 1; next < end; next++)
                {
                    sum += Vector256.Load(*next + i);
                }

                sum.Store(destination + i);
            }
        }
    }
}
