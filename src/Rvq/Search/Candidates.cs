using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>From approximate scores and the margin of their error to the code.</summary>
internal static unsafe class Candidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int MostPrefetched = 4;

    // Scores are below 10³⁸, so the limit stays below infinity, which is the score of padding: there is no room for that among the candidates.
    public const double LargestMargin = 1e37;

    /// <summary>
    /// The codes of frames whose scores and margins are in the scratch: the only codeword within the margin of the smallest score, or the
    /// definition's choice among several; among all codewords where the margin is infinite. The rows of a frame's candidates, which may lie in a far cache, are
    /// on their way while the frame before it is decided.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    public static void Decide<TDouble>(SearchTable table, float* vectors, int frames, int* codes, nint codeStride, SearchScratch scratch)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        int* candidates = scratch.Candidates, before = candidates + table.Size;
        var count = 0;
        for (var frame = 0; frame <= frames; frame++)
        {
            var countBefore = count;
            var next = before;
            before = candidates;
            candidates = next;
            if (frame < frames)
            {
                count = Shortlist(table.PanelCount, frame, scratch.Margins[frame], scratch, candidates);
                Prefetch(table, candidates, count);
            }

            if (frame > 0)
            {
                codes[(frame - 1) * codeStride] = Choose<TDouble>(table, vectors + ((nint)(frame - 1) * table.Stride), before, countBefore);
            }
        }
    }

    /// <summary>The only codeword within the margin of the smallest score, or −1 where there are several or the margin is infinite.</summary>
    public static int OnlyOne(SearchTable table, int frame, double margin, SearchScratch scratch)
        => margin < LargestMargin && Shortlist(table.PanelCount, frame, margin, scratch, scratch.Candidates) == 1 ? *scratch.Candidates : -1;

    private static int Choose<TDouble>(SearchTable table, float* vector, int* candidates, int count)
        where TDouble : struct, IDoubleLanes<TDouble>
        => count == 1 ? *candidates
            : count == 0 ? Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size)
            : Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, candidates, count);

    private static void Prefetch(SearchTable table, int* candidates, int count)
    {
        for (var i = 0; i < Math.Min(count, MostPrefetched); i++)
        {
            CacheLines.Prefetch(table.Row(candidates[i]), (nint)table.Stride * sizeof(float));
        }
    }

    /// <summary>Writes the codewords within the margin of the smallest score, ascending, and returns their number; 0 where the margin is infinite.</summary>
    private static int Shortlist(int panelCount, int frame, double margin, SearchScratch scratch, int* candidates)
    {
        if (double.IsPositiveInfinity(margin))
        {
            return 0;
        }

        var scores = scratch.Scores + ((nint)frame * panelCount * Panel);
        var minima = scratch.Minima + ((nint)frame * PanelLayout.GroupCount(panelCount) * Panel);
        var smallest = Smallest(minima, panelCount);
        if (scratch.Weights != null)
        {
            margin += 2.0 * scratch.Scales[frame].Spread * scratch.Weights[First(scores, minima, panelCount, smallest)];
        }

        return Collect(scores, minima, panelCount, RoundUp(smallest + margin), candidates);
    }

    /// <summary>A float32 not below the value: a candidate more costs little, a candidate less could be the code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float RoundUp(double value) => (float)(value + (Math.Abs(value) * (1.0 / (1 << 23))) + float.Epsilon);

    private static float Smallest(float* minima, int panelCount)
    {
        var smallest = T.Load(minima);
        for (var group = 1; group < PanelLayout.GroupCount(panelCount); group++)
        {
            smallest = T.Min(smallest, T.Load(minima + (group * Panel)));
        }

        return T.MinAcross(smallest);
    }

    /// <summary>The first codeword with a score of at most <paramref name="limit"/>, which one of them has.</summary>
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
    private static int Collect(float* scores, float* minima, int panelCount, float limit, int* candidates)
    {
        var all = T.Create(limit);
        var count = 0;
        for (var group = 0; group < PanelLayout.GroupCount(panelCount); group++)
        {
            if (T.AtMost(T.Load(minima + (group * Panel)), all) == 0)
            {
                continue;
            }

            var end = Math.Min((group + 1) * PanelLayout.PanelsPerGroup, panelCount);
            for (var panel = group * PanelLayout.PanelsPerGroup; panel < end; panel++)
            {
                for (var hits = T.AtMost(T.Load(scores + (panel * Panel)), all); hits != 0; hits &= hits - 1)
                {
                    candidates[count++] = (panel * Panel) + BitOperations.TrailingZeroCount(hits);
                }
            }
        }

        return count;
    }
}
