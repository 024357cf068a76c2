using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The codes that float32 scores prove, without storing the scores: for codewords of few dimensions (DAC, SNAC), where storing and reading
/// scores costs more than computing them. Each lane keeps its smallest and its second smallest score; the lowest bits of a score are
/// replaced by the number of its panel. BOUNDS.md, B5.
/// </summary>
internal static unsafe class CertainCodes<T>
    where T : struct, IFloatLanes<T>
{
    /// <summary>The numbers of more panels would take so many bits of the scores that few codes could be proven.</summary>
    public const int MaxPanels = 1024;

    /// <summary>
    /// The largest half norm: that of padding and of repeated codewords, whose infinity would be a NaN with other lowest bits. Scores that
    /// are covered are below 10³⁸.
    /// </summary>
    public const float MaxHalfNorm = 2e38f;

    private const int Panel = PanelLayout.PanelSize;

    // Of each lane: the smallest score and the second smallest.
    private const int Kept = 2 * Panel;

    // More than 2·2⁻¹³⁰. BOUNDS.md, B5.
    private const double Underflow = 1e-38;

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
        var bits = 32 - BitOperations.LeadingZeroCount((uint)panelCount - 1);
        var mask = BitConverter.Int32BitsToSingle(-1 << bits);
        var tile = T.HasManyRegisters ? 4 : 2;
        for (var frame = 0; frame < frames;)
        {
            var count = frame + tile <= frames ? tile : 1;
            var vector = vectors + (frame * stride);
            if (count == 4)
            {
                FourFrames(panels, halfNorms, panelCount, dimensions, vector, stride, mask, kept);
            }
            else if (count == 2)
            {
                TwoFrames(panels, halfNorms, panelCount, dimensions, vector, stride, mask, kept);
            }
            else
            {
                OneFrame(panels, halfNorms, panelCount, dimensions, vector, mask, kept);
            }

            for (var i = 0; i < count; i++, frame++)
            {
                codes[frame * codeStride] = Certain(kept + (i * Kept), margins[frame], bits);
            }
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void FourFrames(
        float* panels, float* halfNorms, int panelCount, int dimensions, float* vectors, nint stride, float mask, float* kept)
    {
        T kind = T.Create(mask), infinity = T.Create(float.PositiveInfinity);
        T smallestA = infinity, smallestB = infinity, smallestC = infinity, smallestD = infinity;
        T secondA = infinity, secondB = infinity, secondC = infinity, secondD = infinity;
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

            var number = T.Create(BitConverter.Int32BitsToSingle(panel));
            Compete(T.Mark(a, kind, number), ref smallestA, ref secondA);
            Compete(T.Mark(b, kind, number), ref smallestB, ref secondB);
            Compete(T.Mark(c, kind, number), ref smallestC, ref secondC);
            Compete(T.Mark(d, kind, number), ref smallestD, ref secondD);
        }

        Keep(smallestA, secondA, kept);
        Keep(smallestB, secondB, kept + Kept);
        Keep(smallestC, secondC, kept + (2 * Kept));
        Keep(smallestD, secondD, kept + (3 * Kept));
    }

    [MethodImpl(InnerLoop.Options)]
    private static void TwoFrames(
        float* panels, float* halfNorms, int panelCount, int dimensions, float* vectors, nint stride, float mask, float* kept)
    {
        T kind = T.Create(mask), infinity = T.Create(float.PositiveInfinity);
        T smallestA = infinity, smallestB = infinity, secondA = infinity, secondB = infinity;
        for (var panel = 0; panel < panelCount; panel++, halfNorms += Panel)
        {
            T a = T.Load(halfNorms), b = a;
            var vector = vectors;
            for (; vector + 2 <= vectors + dimensions; vector += 2, panels += 2 * Panel)
            {
                var p = T.Load(panels);
                a = T.MultiplyAddOne(p, vector, a);
                b = T.MultiplyAddOne(p, vector + stride, b);
                p = T.Load(panels + Panel);
                a = T.MultiplyAddOne(p, vector + 1, a);
                b = T.MultiplyAddOne(p, vector + 1 + stride, b);
            }

            if (vector < vectors + dimensions)
            {
                var p = T.Load(panels);
                a = T.MultiplyAddOne(p, vector, a);
                b = T.MultiplyAddOne(p, vector + stride, b);
                panels += Panel;
            }

            var number = T.Create(BitConverter.Int32BitsToSingle(panel));
            Compete(T.Mark(a, kind, number), ref smallestA, ref secondA);
            Compete(T.Mark(b, kind, number), ref smallestB, ref secondB);
        }

        Keep(smallestA, secondA, kept);
        Keep(smallestB, secondB, kept + Kept);
    }

    /// <summary>Two panels side by side, lest their sums wait for each other.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void OneFrame(float* panels, float* halfNorms, int panelCount, int dimensions, float* vector, float mask, float* kept)
    {
        T kind = T.Create(mask), infinity = T.Create(float.PositiveInfinity);
        T smallest = infinity, second = infinity;
        var length = (nint)dimensions * Panel;
        var panel = 0;
        for (; panel + 2 <= panelCount; panel += 2, panels += length, halfNorms += 2 * Panel)
        {
            T a = T.Load(halfNorms), b = T.Load(halfNorms + Panel);
            for (var i = 0; i < dimensions; i++, panels += Panel)
            {
                var value = T.Create(vector[i]);
                a = T.MultiplyAdd(value, panels, a);
                b = T.MultiplyAdd(value, panels + length, b);
            }

            Compete(T.Mark(a, kind, T.Create(BitConverter.Int32BitsToSingle(panel))), ref smallest, ref second);
            Compete(T.Mark(b, kind, T.Create(BitConverter.Int32BitsToSingle(panel + 1))), ref smallest, ref second);
        }

        if (panel < panelCount)
        {
            var a = T.Load(halfNorms);
            for (var i = 0; i < dimensions; i++, panels += Panel)
            {
                a = T.MultiplyAdd(T.Create(vector[i]), panels, a);
            }

            Compete(T.Mark(a, kind, T.Create(BitConverter.Int32BitsToSingle(panel))), ref smallest, ref second);
        }

        Keep(smallest, second, kept);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Compete(T score, ref T smallest, ref T second)
    {
        second = T.Min(second, T.Max(score, smallest));
        smallest = T.Min(smallest, score);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(T smallest, T second, float* kept)
    {
        T.Store(smallest, kept);
        T.Store(second, kept + Panel);
    }

    [MethodImpl(InnerLoop.Options)]
    private static int Certain(float* kept, double margin, int bits)
    {
        var smallest = T.Load(kept);
        double least = T.MinAcross(smallest), share = (double)(1 << bits) / (1 << 23);
        var most = least + (share * Math.Abs(least)) + Underflow + margin;
        var limit = T.Create(Candidates<T>.RoundUp(most + (share * Math.Abs(most)) + Underflow));
        var hits = T.AtMost(smallest, limit);
        if (hits == 0 || (hits & (hits - 1)) != 0 || T.AtMost(T.Load(kept + Panel), limit) != 0 || !(margin < Candidates<T>.LargestMargin))
        {
            return -1;
        }

        var lane = BitOperations.TrailingZeroCount(hits);
        return ((BitConverter.SingleToInt32Bits(kept[lane]) & ((1 << bits) - 1)) * Panel) + lane;
    }
}
