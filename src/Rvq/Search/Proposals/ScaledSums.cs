using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>From the sums of one frame and one panel to its scores.</summary>
internal static unsafe class ScaledSums
{
    /// <summary>
    /// Writes the scores ½‖c − μ‖² + s_r s_k Σ − A w_k of sixteen codewords to <paramref name="scores"/>; and to <paramref name="minima"/>,
    /// lane by lane, the scores, or with <paramref name="merge"/> the minimum of the scores and the values there. BOUNDS.md, B2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(
        T sums, ResidualScale* scale, float* halfNorms, float* steps, float* weights, float* scores, float* minima, bool merge)
        where T : struct, IFloatLanes<T>
    {
        var score = T.MultiplyAdd(T.Load(weights), T.Create(-scale->Spread), T.Load(halfNorms));
        score = T.MultiplyAdd(T.Multiply(T.Load(steps), T.Create(scale->Step)), sums, score);
        T.Store(score, scores);
        T.Store(merge ? T.Min(score, T.Load(minima)) : score, minima);
    }
}
