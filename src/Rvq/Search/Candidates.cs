using System.Numerics;

namespace Rvq.Search;

/// <summary>From approximate scores and the margin of their error to the code.</summary>
internal static unsafe class Candidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;

    /// <summary>
    /// The code of one frame: the only codeword within the margin of the smallest score, or the definition's choice among
    /// several; among all codewords where the margin is infinite.
    /// </summary>
    public static int Decide<TDouble>(SearchTable table, float* vector, int panelCount, int frame, double margin, SearchScratch scratch)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        if (double.IsPositiveInfinity(margin))
        {
            return Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, null, table.Size);
        }

        var candidates = scratch.Candidates;
        var groups = PanelLayout.GroupCount(panelCount);
        var count = Collect(
            scratch.Scores + ((nint)frame * panelCount * Panel), scratch.Minima + ((nint)frame * groups * Panel), panelCount, margin, candidates);
        return count == 1 ? *candidates : Definition.Nearest<TDouble>(vector, table.Rows, table.HalfNorms, table.Stride, candidates, count);
    }

    /// <summary>Writes the codewords whose score is at most the smallest plus <paramref name="margin"/>, ascending, and returns their number.</summary>
    private static int Collect(float* scores, float* minima, int panelCount, double margin, int* candidates)
    {
        var groups = PanelLayout.GroupCount(panelCount);
        var smallest = T.Load(minima);
        for (var group = 1; group < groups; group++)
        {
            smallest = T.Min(smallest, T.Load(minima + (group * Panel)));
        }

        // Rounded up: a candidate more costs little, a candidate less could be the code.
        var limit = T.Create(MathF.BitIncrement((float)(T.MinAcross(smallest) + margin)));
        var count = 0;
        for (var group = 0; group < groups; group++)
        {
            if (T.AtMost(T.Load(minima + (group * Panel)), limit) == 0)
            {
                continue;
            }

            var end = Math.Min((group + 1) * PanelLayout.PanelsPerGroup, panelCount);
            for (var panel = group * PanelLayout.PanelsPerGroup; panel < end; panel++)
            {
                for (var hits = T.AtMost(T.Load(scores + (panel * Panel)), limit); hits != 0; hits &= hits - 1)
                {
                    candidates[count++] = (panel * Panel) + BitOperations.TrailingZeroCount(hits);
                }
            }
        }

        return count;
    }
}
