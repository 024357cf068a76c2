using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>Approximate scores of one frame from <see cref="SixBitPanels"/>; like those of <see cref="ByteScores{T}"/>.</summary>
internal static unsafe class SixBitScores<T>
    where T : struct, IByteLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;
    private const int Step = BytePanels.Dimensions;
    private const int StepBytes = Panel * Step;

    /// <summary>
    /// Reads panels [PanelCount, Groups, 3, 16, 4] with the half norms and scales of their codewords, a residual [Groups × 16] and its
    /// scale; writes scores [PanelCount × 16] and the minimum of each group of panels, lane by lane, to minima [GroupCount × 16]. Every
    /// access is inside these shapes.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Score(SixBitPanels panels, sbyte* residual, ResidualScale* scale, float* scores, float* minima)
    {
        var codewords = panels.Panels;
        var end = residual + ((nint)panels.Groups * SixBitPanels.Dimensions);
        float* halfNorms = panels.Bytes.HalfNorms, steps = panels.Bytes.Scales;
        var panelCount = panels.Bytes.PanelCount;
        for (var panel = 0; panel < panelCount; panel++, scores += Panel, halfNorms += Panel, steps += Panel)
        {
            T a = T.Create(scale->Start), b = T.Create(0), c = b, d = b;
            for (var values = residual; values < end; values += SixBitPanels.Dimensions, codewords += SixBitPanels.OwnSteps * StepBytes)
            {
                var first = T.Load(codewords);
                a = T.MultiplyAdd(a, first, T.Broadcast(values));
                var second = T.Load(codewords + StepBytes);
                b = T.MultiplyAdd(b, second, T.Broadcast(values + Step));
                var third = T.Load(codewords + (2 * StepBytes));
                c = T.MultiplyAdd(c, third, T.Broadcast(values + (2 * Step)));
                d = T.MultiplyAdd(d, T.LowestBits(first, second, third), T.Broadcast(values + (3 * Step)));
            }

            T.Write(
                T.Add(T.Add(a, b), T.Add(c, d)), scale, halfNorms, steps, steps, scores, minima + (panel / Group * Panel),
                panel % Group > 0);
        }
    }
}
