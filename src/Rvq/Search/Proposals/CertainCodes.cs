using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The codes that float32 scores prove, without storing the scores: for codewords of few dimensions (DAC, SNAC), where storing and reading
/// scores costs more than computing them. Each lane keeps its smallest score, the panel of that score and its second smallest score.
/// BOUNDS.md, B5.
/// </summary>
internal static unsafe class CertainCodes<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;

    // Of each lane: the smallest score, the second smallest, and the panel of the smallest.
    private const int Kept = 3 * Panel;

    /// <summary>
    /// Reads panels [panelCount, dimensions, 16], halfNorms [panelCount × 16], vectors [frames, stride] (the first
    /// <paramref name="dimensions"/> of each row) and margins [frames]; writes the code of frame f to codes[f ×
    /// <paramref name="codeStride"/>], or −1 where a second codeword is within the margin of the smallest score. Every access is inside
    /// these shapes.
    /// </summary>
    public static void Find(
        float* panels, float* halfNorms, int panelCount, int dimensions, float* vectors, nint stride, double* margins, int frames,
        int* codes, nint codeStride)
    {
        var kept = stackalloc float[4 * Kept];
        for (var frame = 0; frame < frames;)
        {
            var count = T.HasManyRegisters && frame + 4 <= frames ? 4 : 1;
            if (count == 4)
            {
                FourFrames(panels, halfNorms, panelCount, dimensions, vectors + (frame * stride), stride, kept);
            }
            else
            {
                OneFrame(panels, halfNorms, panelCount, dimensions, vectors + (frame * stride), kept);
            }

            for (var i = 0; i < count; i++, frame++)
            {
                codes[frame * codeStride] = Certain(kept + (i * Kept), margins[frame]);
            }
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void FourFrames(
        float* panels, float* halfNorms, int panelCount, int dimensions, float* vectors, nint stride, float* kept)
    {
        var infinity = T.Create(float.PositiveInfinity);
        T smallestA = infinity, smallestB = infinity, smallestC = infinity, smallestD = infinity;
        T secondA = infinity, secondB = infinity, secondC = infinity, secondD = infinity;
        T panelA = T.Zero, panelB = T.Zero, panelC = T.Zero, panelD = T.Zero;
        for (var panel = 0; panel < panelCount; panel++, halfNorms += Panel)
        {
            T a = T.Load(halfNorms), b = a, c = a, d = a;
            for (var vector = vectors; vector < vectors + dimensions; vector++, panels += Panel)
            {
                var p = T.Load(panels);
                a = T.MultiplyAddOne(p, vector, a);
                b = T.MultiplyAddOne(p, (vector + stride), b);
                c = T.MultiplyAddOne(p, (vector + (2 * stride)), c);
                d = T.MultiplyAddOne(p, (vector + (3 * stride)), d);
            }

            var number = T.Create(panel);
            Compete(a, number, ref smallestA, ref secondA, ref panelA);
            Compete(b, number, ref smallestB, ref secondB, ref panelB);
            Compete(c, number, ref smallestC, ref secondC, ref panelC);
            Compete(d, number, ref smallestD, ref secondD, ref panelD);
        }

        Keep(smallestA, secondA, panelA, kept);
        Keep(smallestB, secondB, panelB, kept + Kept);
        Keep(smallestC, secondC, panelC, kept + (2 * Kept));
        Keep(smallestD, secondD, panelD, kept + (3 * Kept));
    }

    [MethodImpl(InnerLoop.Options)]
    private static void OneFrame(float* panels, float* halfNorms, int panelCount, int dimensions, float* vector, float* kept)
    {
        var infinity = T.Create(float.PositiveInfinity);
        T smallest = infinity, second = infinity, number = T.Zero;
        for (var panel = 0; panel < panelCount; panel++, halfNorms += Panel)
        {
            var score = T.Load(halfNorms);
            for (var i = 0; i < dimensions; i++, panels += Panel)
            {
                score = T.MultiplyAdd(T.Create(vector[i]), panels, score);
            }

            Compete(score, T.Create(panel), ref smallest, ref second, ref number);
        }

        Keep(smallest, second, number, kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Compete(T score, T panel, ref T smallest, ref T second, ref T best)
    {
        best = T.SelectLess(score, smallest, panel, best);
        second = T.Min(second, T.Max(score, smallest));
        smallest = T.Min(smallest, score);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(T smallest, T second, T panels, float* kept)
    {
        T.Store(smallest, kept);
        T.Store(second, kept + Panel);
        T.Store(panels, kept + (2 * Panel));
    }

    [MethodImpl(InnerLoop.Options)]
    private static int Certain(float* kept, double margin)
    {
        var smallest = T.Load(kept);
        var limit = T.Create(Candidates<T>.RoundUp(T.MinAcross(smallest) + margin));
        var hits = T.AtMost(smallest, limit);
        if ((hits & (hits - 1)) != 0 || T.AtMost(T.Load(kept + Panel), limit) != 0 || !(margin < Candidates<T>.LargestMargin))
        {
            return -1;
        }

        var lane = BitOperations.TrailingZeroCount(hits);
        return ((int)kept[(2 * Panel) + lane] * Panel) + lane;
    }
}
