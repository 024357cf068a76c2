using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// From approximate scores with their margins to codes. Of many candidates, only those with v_k ≤ v_j + A · w_j + 2F, j having the smallest
/// v, are scored by the definition at first. Their best score then rules out most of the others: all of them where errors are far below
/// their bounds. BOUNDS.md, B3.
/// </summary>
internal static unsafe class Candidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;

    // Rows beyond these are seldom read, as the first candidates decide most frames.
    private const int MaxPrefetched = 4;

    // Up to this margin, limits are finite, so that padding, whose scores are infinite, is never within them.
    public const double LargestMargin = Rounding.OverflowLimit;

    // The definition scores four candidates side by side, so that fewer take as long.
    private const int FewCandidates = 4;

    /// <summary>
    /// The codes of the proposed vectors: the only codeword within the margin of the smallest score, or the definition's choice among
    /// several; among all codewords where the margin is infinite. The rows of a frame's candidates, which may lie in a far cache, are
    /// prefetched while the frame before it is decided.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Decide<TDouble>(
        SearchTable table, in Proposal proposal, float* vectors, int frames, int* codes, nint codeStride, int* room)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        int* candidates = room, before = room + table.Size;
        var (count, near) = (0, 0);
        for (var frame = 0; frame <= frames; frame++)
        {
            var (countBefore, nearBefore) = (count, near);
            var next = before;
            before = candidates;
            candidates = next;
            if (frame < frames)
            {
                (count, near) = Shortlist(table.PanelCount, proposal, frame, candidates);
                table.Prefetch(candidates, Math.Min(near, MaxPrefetched));
            }

            if (frame > 0)
            {
                codes[(frame - 1) * codeStride] = Choose<TDouble>(
                    table, proposal, vectors + ((nint)(frame - 1) * table.Stride), frame - 1, before, countBefore, nearBefore);
            }
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static int Choose<TDouble>(
        SearchTable table, in Proposal proposal, float* vector, int frame, int* candidates, int count, int near)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        if (count == 1)
        {
            return *candidates;
        }

        if (count == 0)
        {
            return Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size);
        }

        var (best, nearest) = (double.PositiveInfinity, 0);
        Definition.Compete<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, candidates, near, ref best, ref nearest);
        if (near < count)
        {
            var limit = RoundUp(best - Shared<TDouble>(vector, proposal.Center, table.Stride) + proposal.Margins[frame]);
            var scores = proposal.Scores + ((nint)frame * table.PanelCount * Panel);
            var left = near;
            for (var i = near; i < count; i++)
            {
                candidates[left] = candidates[i];
                left += scores[candidates[i]] <= limit ? 1 : 0;
            }

            Definition.Compete<TDouble>(
                vector, table.Rows, table.HalfNorms, table.Stride, candidates + near, left - near, ref best, ref nearest);
        }

        return nearest;
    }

    /// <summary>κ = ½⟨μ, μ⟩ − ⟨r, μ⟩, by which the definition's scores exceed the approximate ones.</summary>
    public static double Shared<TDouble>(float* vector, float* center, int paddedLength)
        where TDouble : struct, IDoubleLanes<TDouble>
        => center == null
            ? 0
            : (0.5 * Definition.Dot<TDouble>(center, center, paddedLength)) - Definition.Dot<TDouble>(vector, center, paddedLength);

    /// <summary>
    /// Writes the codewords that may be nearest and returns their number; 0 where the margin is infinite. The first <c>Near</c> of them are
    /// to be scored first.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    private static (int Count, int Near) Shortlist(int panelCount, in Proposal proposal, int frame, int* candidates)
    {
        var margin = proposal.Margins[frame];
        if (double.IsPositiveInfinity(margin))
        {
            return (0, 0);
        }

        var scores = proposal.Scores + ((nint)frame * panelCount * Panel);
        var minima = proposal.Minima + ((nint)frame * PanelLayout.GroupCount(panelCount) * Panel);
        var smallest = Smallest(minima, panelCount);
        var spread = proposal.Weights == null
            ? 0
            : proposal.Scales[frame].Spread * (double)proposal.Weights[First(scores, minima, panelCount, smallest)];
        var count = Collect(scores, minima, panelCount, RoundUp(smallest + (2 * spread) + margin), candidates);
        return (count, count > FewCandidates ? Partition(candidates, count, scores, RoundUp(smallest + spread + margin)) : count);
    }

    /// <summary>Moves the candidates with a score of at most <paramref name="limit"/> to the front and returns their number.</summary>
    private static int Partition(int* candidates, int count, float* scores, float limit)
    {
        var near = 0;
        for (var i = 0; i < count; i++)
        {
            var candidate = candidates[i];
            candidates[i] = candidates[near];
            candidates[near] = candidate;
            near += scores[candidate] <= limit ? 1 : 0;
        }

        return near;
    }

    /// <summary>A float32 not below the value: limits are rounded up, as a candidate left out could be the code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoundUp(double value) => (float)(value + (Math.Abs(value) * (1.0 / (1 << 23))) + float.Epsilon);

    [MethodImpl(InnerLoop.Options)]
    private static float Smallest(float* minima, int panelCount)
    {
        var smallest = T.Load(minima);
        for (var group = 1; group < PanelLayout.GroupCount(panelCount); group++)
        {
            smallest = T.Min(smallest, T.Load(minima + (group * Panel)));
        }

        return T.MinAcross(smallest);
    }

    /// <summary>The first codeword with a score of at most <paramref name="limit"/>; there is one.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static int First(float* scores, float* minima, int panelCount, float limit)
    {
        var all = T.Create(limit);
        var group = 0;
        while (group < PanelLayout.GroupCount(panelCount) - 1 && T.AtMost(T.Load(minima + (group * Panel)), all) == 0)
        {
            group++;
        }

        var panel = group * PanelLayout.PanelsPerGroup;
        while (panel < panelCount - 1 && T.AtMost(T.Load(scores + (panel * Panel)), all) == 0)
        {
            panel++;
        }

        return (panel * Panel) + (BitOperations.TrailingZeroCount(T.AtMost(T.Load(scores + (panel * Panel)), all)) % Panel);
    }

    /// <summary>Writes the codewords whose score is at most <paramref name="limit"/>, ascending, and returns their number.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static int Collect(float* scores, float* minima, int panelCount, float limit, int* candidates)
    {
        var all = T.Create(limit);
        var groupCount = PanelLayout.GroupCount(panelCount);
        var count = 0;
        for (var first = 0; first < groupCount; first += 64)
        {
            // The bits of groups with hits: the loop over them mispredicts one branch at its end; a test of each group would mispredict
            // many.
            ulong groups = 0;
            for (var i = Math.Min(64, groupCount - first) - 1; i >= 0; i--)
            {
                groups = (groups << 1) | (T.AtMost(T.Load(minima + ((nint)(first + i) * Panel)), all) != 0 ? 1UL : 0);
            }

            for (; groups != 0; groups &= groups - 1)
            {
                var panel = (first + BitOperations.TrailingZeroCount(groups)) * PanelLayout.PanelsPerGroup;
                ulong hits = 0;
                for (var i = Math.Min(PanelLayout.PanelsPerGroup, panelCount - panel) - 1; i >= 0; i--)
                {
                    hits = (hits << Panel) | T.AtMost(T.Load(scores + ((nint)(panel + i) * Panel)), all);
                }

                for (; hits != 0; hits &= hits - 1)
                {
                    candidates[count++] = (panel * Panel) + BitOperations.TrailingZeroCount(hits);
                }
            }
        }

        return count;
    }
}
