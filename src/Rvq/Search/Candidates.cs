using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>From approximate scores and the margin of their error to the code.</summary>
internal static unsafe class Candidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;

    // Scores are below 10³⁸, so the limit stays below infinity, which is the score of padding: there is no room for that among the candidates.
    public const double LargestMargin = 1e37;

    /// <summary>
    /// The code of one frame: the only codeword within the margin of the smallest score, or the definition's choice among
    /// several; among all codewords where the margin is infinite.
    /// </summary>
    [MethodImpl(Jit.Kernel)]
    public static int Decide<TDouble>(SearchTable table, float* vector, int panelCount, int frame, double margin, SearchScratch scratch)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        if (double.IsPositiveInfinity(margin))
        {
            return Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size);
        }

        var count = Shortlist(panelCount, frame, margin, scratch);
        return count == 1
            ? *scratch.Candidates
            : Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, scratch.Candidates, count);
    }

    /// <summary>The only codeword within the margin of the smallest score, or −1 where there are several or the margin is infinite.</summary>
    public static int OnlyOne(SearchTable table, int frame, double margin, SearchScratch scratch)
        => margin < LargestMargin && Shortlist(PanelLayout.PanelCount(table.Size), frame, margin, scratch) == 1 ? *scratch.Candidates : -1;

    /// <summary>Writes the codewords within the margin of the smallest score to the scratch's candidates, ascending, and returns their number.</summary>
    private static int Shortlist(int panelCount, int frame, double margin, SearchScratch scratch)
    {
        var scores = scratch.Scores + ((nint)frame * panelCount * Panel);
        var minima = scratch.Minima + ((nint)frame * PanelLayout.GroupCount(panelCount) * Panel);
        var smallest = Smallest(minima, panelCount);
        if (scratch.Weights != null)
        {
            margin += 2.0 * scratch.Scales[frame].Spread * scratch.Weights[First(scores, minima, panelCount, smallest)];
        }

        return Collect(scores, minima, panelCount, RoundUp(smallest + margin), scratch.Candidates);
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
