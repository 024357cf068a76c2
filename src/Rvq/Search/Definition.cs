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
/// The score of codeword k is ½⟨c_k, c_k⟩ − ⟨r, c_k⟩ (Euclidean) or −⟨r, ĉ_k⟩ (cosine, ĉ_k normalised). The code is the lowest k with
/// the smallest score. Where float32 overflowed on the way to the residual, scores can be infinite or NaN: only a score below infinity wins, and where
/// there is none the code is 0.
/// </para>
/// </summary>
internal static unsafe class Definition
{
    /// <summary>The number of interleaved sums, and the multiple to which vectors are padded.</summary>
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

    /// <summary>The code among <paramref name="candidates"/> (ascending), or among all codewords where there are none given.</summary>
    /// <param name="vector">The residual, padded.</param>
    /// <param name="rows">The codewords as they are searched, [K, <paramref name="paddedLength"/>].</param>
    /// <param name="halfNorms">½⟨c_k, c_k⟩, length K; zeros for cosine.</param>
    /// <param name="paddedLength">The padded length of a vector.</param>
    /// <param name="candidates">Codes in ascending order, or null for 0…count − 1.</param>
    /// <param name="count">The number of candidates.</param>
    public static int Nearest<TLanes>(float* vector, float* rows, double* halfNorms, int paddedLength, int* candidates, int count)
        where TLanes : struct, IDoubleLanes<TLanes>
    {
        var best = double.PositiveInfinity;
        var nearest = 0;
        for (var i = 0; i < count; i++)
        {
            var code = candidates == null ? i : candidates[i];
            var score = halfNorms[code] - Dot<TLanes>(vector, rows + ((long)code * paddedLength), paddedLength);
            if (score < best)
            {
                best = score;
                nearest = code;
            }
        }

        return nearest;
    }
}
