using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The definition of a code, to which every kernel is held.
/// <para>
/// ⟨a, b⟩ is summed in binary64. Sum j of eight (j = 0…7) takes the terms of index j, j + 8, j + 16, … in this order, starting from zero;
/// then ⟨a, b⟩ = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)). A product of two float32 values is exact in binary64, so neither
/// fused multiply-add nor the width of the vectors changes a bit. Vectors are padded with zeros to a multiple of eight, which adds
/// zeros only.
/// </para>
/// <para>
/// The score of codeword k is ½⟨c_k, c_k⟩ − ⟨r, c_k⟩ (Euclidean), −⟨r, ĉ_k⟩ (cosine, ĉ_k normalised), −⟨r, c_k⟩ (inner product) or
/// ½⟨c_k, c_k⟩ − ⟨r̂, c_k⟩ (normalised Euclidean: r̂ by <see cref="UnitLength"/>). The code is the lowest k with the smallest score. Where
/// a residual has overflowed float32, scores can be infinite or NaN: only a score below infinity wins; without one, the code is 0.
/// </para>
/// <para>
/// BOUNDS.md, B7, bounds what these sums round.
/// </para>
/// </summary>
internal static unsafe class Definition
{
    /// <summary>The number of interleaved sums, and the multiple that vectors are padded to.</summary>
    public const int Lanes = 8;

    public static int PaddedLength(int length) => checked((length + Lanes - 1) / Lanes * Lanes);

    /// <summary>⟨a, b⟩ of two padded vectors. Reads exactly <paramref name="paddedLength"/> values of each.</summary>
    public static double Dot<TLanes>(float* a, float* b, int paddedLength)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        var sum = TLanes.Zero;
        for (var i = 0; i < paddedLength; i += Lanes)
        {
            sum = TLanes.AddExactProduct(TLanes.Widen(a + i), TLanes.Widen(b + i), sum);
        }

        return TLanes.Sum(sum);
    }

    /// <summary>The code among <paramref name="candidates"/>, or among all codewords where those are null.</summary>
    /// <param name="vector">The residual, padded.</param>
    /// <param name="rows">The codewords as they are searched, [K, <paramref name="paddedLength"/>].</param>
    /// <param name="halfNorms">½⟨c_k, c_k⟩, length K; zeros for cosine and inner product.</param>
    /// <param name="paddedLength">The padded length of a vector.</param>
    /// <param name="candidates">Codes, or null for 0…count − 1.</param>
    /// <param name="count">The number of candidates.</param>
    public static int Nearest<TLanes>(float* vector, float* rows, double* halfNorms, int paddedLength, int* candidates, int count)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        var (best, nearest) = (double.PositiveInfinity, 0);
        Compete<TLanes>(vector, rows, halfNorms, paddedLength, candidates, count, ref best, ref nearest);
        return nearest;
    }

    /// <summary>
    /// Scores more codewords, in any order, and replaces <paramref name="nearest"/> and its score <paramref name="best"/> (infinity before
    /// the first call) by the nearest of them where that is nearer.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Compete<TLanes>(
        float* vector, float* rows, double* halfNorms, int paddedLength, int* candidates, int count, ref double best, ref int nearest)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        for (var i = 0; i < count; i += 4)
        {
            FourScores<TLanes>(vector, rows, halfNorms, paddedLength, candidates, i, count - 1, ref best, ref nearest);
        }
    }

    /// <summary>⟨a, b⟩ of several pairs of padded vectors, four pairs side by side; the last pair fills the last four.</summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Dots<TLanes>(float** left, float** right, int count, int paddedLength, double* products)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        for (var i = 0; i < count; i += 4)
        {
            int second = Math.Min(i + 1, count - 1), third = Math.Min(i + 2, count - 1), fourth = Math.Min(i + 3, count - 1);
            TLanes a = TLanes.Zero, b = a, c = a, d = a;
            float* leftA = left[i], leftB = left[second], leftC = left[third], leftD = left[fourth];
            float* rightA = right[i], rightB = right[second], rightC = right[third], rightD = right[fourth];
            for (nint at = 0; at < paddedLength; at += Lanes)
            {
                a = TLanes.AddExactProduct(TLanes.Widen(leftA + at), TLanes.Widen(rightA + at), a);
                b = TLanes.AddExactProduct(TLanes.Widen(leftB + at), TLanes.Widen(rightB + at), b);
                c = TLanes.AddExactProduct(TLanes.Widen(leftC + at), TLanes.Widen(rightC + at), c);
                d = TLanes.AddExactProduct(TLanes.Widen(leftD + at), TLanes.Widen(rightD + at), d);
            }

            products[i] = TLanes.Sum(a);
            products[second] = TLanes.Sum(b);
            products[third] = TLanes.Sum(c);
            products[fourth] = TLanes.Sum(d);
        }
    }

    /// <summary>
    /// Scores candidates i…i + 3 side by side, as four take hardly longer than one; the last candidate fills the four. A method of its own,
    /// because inlined it would use up the JIT's inlining budget of its caller.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static void FourScores<TLanes>(
        float* vector, float* rows, double* halfNorms, int paddedLength, int* candidates, int i, int last, ref double best, ref int nearest)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        int a = i, b = Math.Min(i + 1, last), c = Math.Min(i + 2, last), d = Math.Min(i + 3, last);
        if (candidates != null)
        {
            (a, b, c, d) = (candidates[a], candidates[b], candidates[c], candidates[d]);
        }

        TLanes sumA = TLanes.Zero, sumB = sumA, sumC = sumA, sumD = sumA;
        float* rowA = rows + ((nint)a * paddedLength), rowB = rows + ((nint)b * paddedLength);
        float* rowC = rows + ((nint)c * paddedLength), rowD = rows + ((nint)d * paddedLength);
        for (nint at = 0; at < paddedLength; at += Lanes)
        {
            var value = TLanes.Widen(vector + at);
            sumA = TLanes.AddExactProduct(value, TLanes.Widen(rowA + at), sumA);
            sumB = TLanes.AddExactProduct(value, TLanes.Widen(rowB + at), sumB);
            sumC = TLanes.AddExactProduct(value, TLanes.Widen(rowC + at), sumC);
            sumD = TLanes.AddExactProduct(value, TLanes.Widen(rowD + at), sumD);
        }

        Compete(halfNorms[a] - TLanes.Sum(sumA), a, ref best, ref nearest);
        Compete(halfNorms[b] - TLanes.Sum(sumB), b, ref best, ref nearest);
        Compete(halfNorms[c] - TLanes.Sum(sumC), c, ref best, ref nearest);
        Compete(halfNorms[d] - TLanes.Sum(sumD), d, ref best, ref nearest);
    }

    private static void Compete(double score, int code, ref double best, ref int nearest)
    {
        if (score < best || (score == best && code < nearest))
        {
            (best, nearest) = (score, code);
        }
    }
}
