using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Approximate scores from bytes. A panel is sixteen codewords in steps of four dimensions, [Steps, 16, 4]. A residual's step of four bytes
/// is broadcast to all of them. The 32-bit sums start at a value that cancels the products of the residual with the codewords' offset.
/// BOUNDS.md, B2.
/// </summary>
internal static unsafe class ByteScores<T>
    where T : struct, IByteLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;
    private const int Step = BytePanels.Dimensions;
    private const int StepBytes = Panel * Step;

    /// <summary>
    /// Reads panels [PanelCount, Steps, 16, 4] with their half norms and scales, residuals [frames, Steps × 4] and their scales [frames];
    /// writes scores [frames, PanelCount × 16] and the minimum of each group, lane by lane, to groupMinima [frames, GroupCount × 16].
    /// Every access is inside these shapes.
    /// </summary>
    public static void Score(BytePanels panels, sbyte* residuals, ResidualScale* scales, int frames, float* scores, float* groupMinima)
    {
        var residualStride = (nint)panels.Steps * Step;
        var scoreStride = (nint)panels.PanelCount * Panel;
        var minimaStride = (nint)PanelLayout.GroupCount(panels.PanelCount) * Panel;

        // Fours are faster in 16 bits, but a six leaves one frame where they would leave two or three, and a single one reads all panels.
        var startsWithSix = frames >= 6 && frames % 4 >= 2;
        var sixes = T.AddsIn16Bits ? (startsWithSix ? 1 : 0) : frames / 6;
        var first = 6 * sixes;
        var fours = (frames - first) / 4;
        var tiled = first + (4 * fours);
        for (var panel = 0; panel < panels.PanelCount && tiled > 0; panel++)
        {
            float* start = scores + (panel * Panel), minima = groupMinima + (panel / Group * Panel);
            var merge = panel % Group > 0;
            if (sixes > 0)
            {
                BySixFrames(panels, panel, residuals, residualStride, scales, sixes, start, scoreStride, minima, minimaStride, merge);
            }

            if (fours > 0)
            {
                ByFourFrames(
                    panels, panel, residuals + (first * residualStride), residualStride, scales + first, fours,
                    start + (first * scoreStride), scoreStride, minima + (first * minimaStride), minimaStride, merge);
            }
        }

        for (var frame = tiled; frame < frames; frame++)
        {
            OneFrame(
                panels, residuals + (frame * residualStride), scales + frame, scores + (frame * scoreStride),
                groupMinima + (frame * minimaStride));
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void BySixFrames(
        BytePanels panels, int panel, sbyte* residuals, nint stride, ResidualScale* scales, int tiles, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        var firstCodewords = panels.Panels + ((nint)panel * panels.Steps * StepBytes);
        float* halfNorms = panels.HalfNorms + (panel * Panel), steps = panels.Scales + (panel * Panel);
        var weights = panels.Weights + (panel * Panel);
        for (; tiles > 0; tiles--)
        {
            T a = T.Create(scales->Start), b = T.Create(scales[1].Start), c = T.Create(scales[2].Start);
            T d = T.Create(scales[3].Start), e = T.Create(scales[4].Start), f = T.Create(scales[5].Start);
            var codewords = firstCodewords;
            var last = residuals + stride;
            for (; residuals < last; residuals += 2 * Step, codewords += 2 * StepBytes)
            {
                var p = T.Load(codewords);
                a = T.MultiplyAdd(a, p, T.Broadcast(residuals));
                b = T.MultiplyAdd(b, p, T.Broadcast(residuals + stride));
                c = T.MultiplyAdd(c, p, T.Broadcast(residuals + (2 * stride)));
                d = T.MultiplyAdd(d, p, T.Broadcast(residuals + (3 * stride)));
                e = T.MultiplyAdd(e, p, T.Broadcast(residuals + (4 * stride)));
                f = T.MultiplyAdd(f, p, T.Broadcast(residuals + (5 * stride)));
                p = T.Load(codewords + StepBytes);
                a = T.MultiplyAdd(a, p, T.Broadcast(residuals + Step));
                b = T.MultiplyAdd(b, p, T.Broadcast(residuals + stride + Step));
                c = T.MultiplyAdd(c, p, T.Broadcast(residuals + (2 * stride) + Step));
                d = T.MultiplyAdd(d, p, T.Broadcast(residuals + (3 * stride) + Step));
                e = T.MultiplyAdd(e, p, T.Broadcast(residuals + (4 * stride) + Step));
                f = T.MultiplyAdd(f, p, T.Broadcast(residuals + (5 * stride) + Step));
            }

            T.Write(a, scales, halfNorms, steps, weights, scores, minima, merge);
            T.Write(b, scales + 1, halfNorms, steps, weights, scores + scoreStride, minima + minimaStride, merge);
            T.Write(c, scales + 2, halfNorms, steps, weights, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
            T.Write(d, scales + 3, halfNorms, steps, weights, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
            T.Write(e, scales + 4, halfNorms, steps, weights, scores + (4 * scoreStride), minima + (4 * minimaStride), merge);
            T.Write(f, scales + 5, halfNorms, steps, weights, scores + (5 * scoreStride), minima + (5 * minimaStride), merge);
            residuals += 5 * stride;
            scales += 6;
            scores += 6 * scoreStride;
            minima += 6 * minimaStride;
        }
    }

    /// <summary>Two steps at a time, whose codewords and the sums of four frames fit sixteen registers.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void ByFourFrames(
        BytePanels panels, int panel, sbyte* residuals, nint stride, ResidualScale* scales, int tiles, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        var firstCodewords = panels.Panels + ((nint)panel * panels.Steps * StepBytes);
        float* halfNorms = panels.HalfNorms + (panel * Panel), steps = panels.Scales + (panel * Panel);
        var weights = panels.Weights + (panel * Panel);
        for (; tiles > 0; tiles--)
        {
            T a = T.Create(scales->Start), b = T.Create(scales[1].Start), c = T.Create(scales[2].Start), d = T.Create(scales[3].Start);
            var codewords = firstCodewords;
            var last = residuals + stride;
            for (; residuals < last; residuals += 2 * Step, codewords += 2 * StepBytes)
            {
                T p = T.Load(codewords), q = T.Load(codewords + StepBytes);
                a = T.MultiplyAdd(a, p, T.Broadcast(residuals), q, T.Broadcast(residuals + Step));
                b = T.MultiplyAdd(b, p, T.Broadcast(residuals + stride), q, T.Broadcast(residuals + stride + Step));
                c = T.MultiplyAdd(c, p, T.Broadcast(residuals + (2 * stride)), q, T.Broadcast(residuals + (2 * stride) + Step));
                d = T.MultiplyAdd(d, p, T.Broadcast(residuals + (3 * stride)), q, T.Broadcast(residuals + (3 * stride) + Step));
            }

            T.Write(a, scales, halfNorms, steps, weights, scores, minima, merge);
            T.Write(b, scales + 1, halfNorms, steps, weights, scores + scoreStride, minima + minimaStride, merge);
            T.Write(c, scales + 2, halfNorms, steps, weights, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
            T.Write(d, scales + 3, halfNorms, steps, weights, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
            residuals += 3 * stride;
            scales += 4;
            scores += 4 * scoreStride;
            minima += 4 * minimaStride;
        }
    }

    /// <summary>A single frame is bound by memory: it reads the panels one after the other, as one stream.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void OneFrame(BytePanels panels, sbyte* residual, ResidualScale* scale, float* scores, float* minima)
    {
        var codewords = panels.Panels;
        var length = (nint)panels.Steps * StepBytes;
        for (var panel = 0; panel < panels.PanelCount; panel++, scores += Panel)
        {
            T a = T.Create(scale->Start), b = T.Create(0), c = b, d = b;
            var values = residual;
            var end = codewords + length;
            for (; codewords + (4 * StepBytes) <= end; values += 4 * Step, codewords += 4 * StepBytes)
            {
                a = T.MultiplyAdd(a, codewords, T.Broadcast(values));
                b = T.MultiplyAdd(b, codewords + StepBytes, T.Broadcast(values + Step));
                c = T.MultiplyAdd(c, codewords + (2 * StepBytes), T.Broadcast(values + (2 * Step)));
                d = T.MultiplyAdd(d, codewords + (3 * StepBytes), T.Broadcast(values + (3 * Step)));
            }

            for (; codewords < end; values += Step, codewords += StepBytes)
            {
                a = T.MultiplyAdd(a, codewords, T.Broadcast(values));
            }

            T.Write(
                T.Add(T.Add(a, b), T.Add(c, d)), scale, panels.HalfNorms + (panel * Panel), panels.Scales + (panel * Panel),
                panels.Weights + (panel * Panel), scores, minima + (panel / Group * Panel), panel % Group > 0);
        }
    }
}
