using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// From approximate scores to the extensions that may be among the best of a beam.
/// <para>
/// Let s_k be the definition's score of codeword k for the residual r of a partial stack, a_k what the kernel stores for it, E half the margin of r and
/// A·w_k the codeword's share of the spread (zero for float32). <see cref="ErrorBound"/> and <see cref="ByteErrorBound"/> say: a_k − E ≤ s_k − κ ≤
/// a_k + 2A·w_k + E, with κ = ½⟨μ, μ⟩ − ⟨r, μ⟩ what storing the codebook around μ leaves out. So with o = ½⟨r, r⟩ + κ the score of the extension lies
/// between o + a_k − E' and o + a_k + 2A·w_k + E', where E' = E + G and G covers what rounds in binary64: ½⟨r, r⟩, κ and the last sum, and the sums here; with
/// R = ‖r‖², C₀ = max‖c‖, ‖μ‖ ≤ C₀ and |a_k| ≤ R + 5C₀², and a sum of n terms within (n/8 + 8)2⁻⁵³, all of them together are below
/// (n/4 + 128)·2⁻⁵³·(R + C₀²).
/// </para>
/// <para>
/// The n-th smallest upper bound of distinct extensions is an upper bound of the n-th smallest score: extensions with a lower bound above it are out. The
/// minima of the panel groups are scores of distinct codewords, so that a first bound takes few steps; that of the collected extensions is the true n-th.
/// </para>
/// </summary>
internal static unsafe class BeamCandidates<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;

    /// <summary>Adds candidates among the extensions of some partial stacks of a frame.</summary>
    /// <param name="table">The codebook.</param>
    /// <param name="vectors">The residuals of the partial stacks, [count, table.Stride].</param>
    /// <param name="first">The index of the first of them among the partial stacks of the frame.</param>
    /// <param name="count">Their number.</param>
    /// <param name="row">Where their scores are in the scratch.</param>
    /// <param name="list">Receives the candidates.</param>
    /// <param name="scratch">Has the scores and margins.</param>
    [MethodImpl(Jit.Kernel)]
    public static void Add<TDouble>(SearchTable table, float* vectors, int first, int count, int row, BeamShortlist list, SearchScratch scratch)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var groups = PanelLayout.GroupCount(PanelLayout.PanelCount(table.Size));
        var bounds = list.Bounds.Pointer;
        for (var i = 0; i < count; i++)
        {
            var margin = scratch.Margins[row + i];
            if (margin < float.MaxValue)
            {
                var (offset, error) = bounds[i] = Bounds<TDouble>(table, vectors + ((nint)i * table.Stride), list.HalfNorms[first + i], margin, scratch.Center);
                Lower(scratch.Minima + ((nint)(row + i) * groups * Panel), groups, offset + error + (2.0 * Spread(scratch, row + i)), list.Limit);
            }
        }

        for (var i = 0; i < count; i++)
        {
            if (scratch.Margins[row + i] < float.MaxValue)
            {
                Collect(table, first + i, row + i, bounds[i].Offset, bounds[i].Error, list, scratch);
            }
            else
            {
                list.AddAll(first + i, table);
            }
        }
    }

    /// <summary>o and E'.</summary>
    private static (double Offset, double Error) Bounds<TDouble>(SearchTable table, float* vector, double halfNorm, double margin, float* center)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        var rounding = Math.ScaleB((0.25 * table.Dimensions) + 128, -53) * ((2 * halfNorm) + (table.MaxNorm * table.MaxNorm));
        var shift = center == null
            ? 0
            : (0.5 * Definition.Dot<TDouble>(center, center, table.Stride)) - Definition.Dot<TDouble>(vector, center, table.Stride);
        return (halfNorm + shift, (0.5 * margin) + rounding);
    }

    private static double Spread(SearchScratch scratch, int row) => scratch.Weights == null ? 0 : scratch.Scales[row].Spread;

    /// <summary>Lowers the limit by the minima of the groups, given what is to be added to them.</summary>
    private static void Lower(float* minima, int groups, double offset, BeamLimit limit)
    {
        var all = T.Create(Below(limit.Value - offset));
        for (var group = 0; group < groups; group++, minima += Panel)
        {
            var hits = T.AtMost(T.Load(minima), all);
            if (hits != 0)
            {
                for (; hits != 0; hits &= hits - 1)
                {
                    limit.Add(minima[BitOperations.TrailingZeroCount(hits)] + offset);
                }

                all = T.Create(Below(limit.Value - offset));
            }
        }
    }

    private static void Collect(SearchTable table, int parent, int row, double offset, double error, BeamShortlist list, SearchScratch scratch)
    {
        var panelCount = PanelLayout.PanelCount(table.Size);
        var groups = PanelLayout.GroupCount(panelCount);
        var minima = scratch.Minima + ((nint)row * groups * Panel);
        var scores = scratch.Scores + ((nint)row * panelCount * Panel);
        var all = T.Create(Below(list.Limit.Value - offset + error));
        var spread = 2.0 * Spread(scratch, row);
        for (var group = 0; group < groups; group++)
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
                    var code = (panel * Panel) + BitOperations.TrailingZeroCount(hits);
                    var score = offset + scores[code];
                    list.Add(parent, code, score - error, score + error + (spread == 0 ? 0 : spread * scratch.Weights[code]));
                }
            }
        }
    }

    /// <summary>A finite float32 not below the value, so that what is padded or repeated, and has an infinite score, never passes.</summary>
    private static float Below(double value) => MathF.Min(MathF.BitIncrement((float)value), float.MaxValue);
}
