using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Rvq.Search;

/// <summary>
/// Approximate scores from bytes. A panel is sixteen codewords in steps of four dimensions, [Steps, 16, 4]: two vectors of eight codewords. A
/// residual's step of four bytes is broadcast to all of them. The 32-bit sums start at what the codewords' offset adds too much, negated.
/// </summary>
internal static unsafe class ByteScores<T>
    where T : struct, IByteDot
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;
    private const int Step = BytePanels.Dimensions;

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
        var (tiles, rest) = Math.DivRem(frames, 6);
        var tiled = frames - (rest >= 4 ? rest - 4 : rest);
        for (var panel = 0; panel < panels.PanelCount && tiled > 0; panel++)
        {
            var minima = groupMinima + (panel / Group * Panel);
            BySixFrames(
                panels, panel, residuals, residualStride, scales, tiles, scores + (panel * Panel), scoreStride, minima, minimaStride, panel % Group > 0);
            if (rest >= 4)
            {
                var frame = 6 * tiles;
                FourFrames(
                    panels, panel, residuals + (frame * residualStride), residualStride, scales + frame,
                    scores + (frame * scoreStride) + (panel * Panel), scoreStride, minima + (frame * minimaStride), minimaStride, panel % Group > 0);
            }
        }

        for (var frame = tiled; frame < frames; frame++)
        {
            OneFrame(panels, residuals + (frame * residualStride), scales + frame, scores + (frame * scoreStride), groupMinima + (frame * minimaStride));
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void BySixFrames(
        BytePanels panels, int panel, sbyte* residuals, nint stride, ResidualScale* scales, int tiles, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        var firstCodewords = panels.Panels + ((nint)panel * panels.Steps * Panel * Step);
        float* halfNorms = panels.HalfNorms + (panel * Panel), steps = panels.Scales + (panel * Panel), weights = panels.Weights + (panel * Panel);
        for (; tiles > 0; tiles--)
        {
            Vector256<int> a0 = Start(scales), a1 = a0, b0 = Start(scales + 1), b1 = b0, c0 = Start(scales + 2), c1 = c0;
            Vector256<int> d0 = Start(scales + 3), d1 = d0, e0 = Start(scales + 4), e1 = e0, f0 = Start(scales + 5), f1 = f0;
            var codewords = firstCodewords;
            var last = residuals + stride;
            for (; residuals < last; residuals += 2 * Step, codewords += 2 * Panel * Step)
            {
                Vector256<byte> p0 = Vector256.Load(codewords), p1 = Vector256.Load(codewords + 32);
                var value = Broadcast(residuals);
                a0 = T.Add(a0, p0, value);
                a1 = T.Add(a1, p1, value);
                value = Broadcast(residuals + stride);
                b0 = T.Add(b0, p0, value);
                b1 = T.Add(b1, p1, value);
                value = Broadcast(residuals + (2 * stride));
                c0 = T.Add(c0, p0, value);
                c1 = T.Add(c1, p1, value);
                value = Broadcast(residuals + (3 * stride));
                d0 = T.Add(d0, p0, value);
                d1 = T.Add(d1, p1, value);
                value = Broadcast(residuals + (4 * stride));
                e0 = T.Add(e0, p0, value);
                e1 = T.Add(e1, p1, value);
                value = Broadcast(residuals + (5 * stride));
                f0 = T.Add(f0, p0, value);
                f1 = T.Add(f1, p1, value);
                (p0, p1) = (Vector256.Load(codewords + 64), Vector256.Load(codewords + 96));
                value = Broadcast(residuals + Step);
                a0 = T.Add(a0, p0, value);
                a1 = T.Add(a1, p1, value);
                value = Broadcast(residuals + stride + Step);
                b0 = T.Add(b0, p0, value);
                b1 = T.Add(b1, p1, value);
                value = Broadcast(residuals + (2 * stride) + Step);
                c0 = T.Add(c0, p0, value);
                c1 = T.Add(c1, p1, value);
                value = Broadcast(residuals + (3 * stride) + Step);
                d0 = T.Add(d0, p0, value);
                d1 = T.Add(d1, p1, value);
                value = Broadcast(residuals + (4 * stride) + Step);
                e0 = T.Add(e0, p0, value);
                e1 = T.Add(e1, p1, value);
                value = Broadcast(residuals + (5 * stride) + Step);
                f0 = T.Add(f0, p0, value);
                f1 = T.Add(f1, p1, value);
            }

            Finish(halfNorms, steps, weights, a0, a1, scales, scores, minima, merge);
            Finish(halfNorms, steps, weights, b0, b1, scales + 1, scores + scoreStride, minima + minimaStride, merge);
            Finish(halfNorms, steps, weights, c0, c1, scales + 2, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
            Finish(halfNorms, steps, weights, d0, d1, scales + 3, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
            Finish(halfNorms, steps, weights, e0, e1, scales + 4, scores + (4 * scoreStride), minima + (4 * minimaStride), merge);
            Finish(halfNorms, steps, weights, f0, f1, scales + 5, scores + (5 * scoreStride), minima + (5 * minimaStride), merge);
            residuals += 5 * stride;
            scales += 6;
            scores += 6 * scoreStride;
            minima += 6 * minimaStride;
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void FourFrames(
        BytePanels panels, int panel, sbyte* residuals, nint stride, ResidualScale* scales, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        Vector256<int> a0 = Start(scales), a1 = a0, b0 = Start(scales + 1), b1 = b0;
        Vector256<int> c0 = Start(scales + 2), c1 = c0, d0 = Start(scales + 3), d1 = d0;
        var codewords = panels.Panels + ((nint)panel * panels.Steps * Panel * Step);
        for (var last = residuals + stride; residuals < last; residuals += Step, codewords += Panel * Step)
        {
            Vector256<byte> p0 = Vector256.Load(codewords), p1 = Vector256.Load(codewords + 32);
            var value = Broadcast(residuals);
            a0 = T.Add(a0, p0, value);
            a1 = T.Add(a1, p1, value);
            value = Broadcast(residuals + stride);
            b0 = T.Add(b0, p0, value);
            b1 = T.Add(b1, p1, value);
            value = Broadcast(residuals + (2 * stride));
            c0 = T.Add(c0, p0, value);
            c1 = T.Add(c1, p1, value);
            value = Broadcast(residuals + (3 * stride));
            d0 = T.Add(d0, p0, value);
            d1 = T.Add(d1, p1, value);
        }

        Finish(panels, panel, a0, a1, scales, scores, minima, merge);
        Finish(panels, panel, b0, b1, scales + 1, scores + scoreStride, minima + minimaStride, merge);
        Finish(panels, panel, c0, c1, scales + 2, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
        Finish(panels, panel, d0, d1, scales + 3, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
    }

    /// <summary>One frame takes the panels as they lie in memory, which is what it waits for: one stream, not one for each of several panels.</summary>
    [MethodImpl(InnerLoop.Options)]
    private static void OneFrame(BytePanels panels, sbyte* residual, ResidualScale* scale, float* scores, float* minima)
    {
        var codewords = panels.Panels;
        var length = (nint)panels.Steps * Panel * Step;
        for (var panel = 0; panel < panels.PanelCount; panel++, scores += Panel)
        {
            Vector256<int> a0 = Start(scale), a1 = a0;
            Vector256<int> b0 = Vector256<int>.Zero, b1 = b0, c0 = b0, c1 = b0, d0 = b0, d1 = b0;
            var values = residual;
            var end = codewords + length;
            for (; codewords + (4 * Panel * Step) <= end; values += 4 * Step, codewords += 4 * Panel * Step)
            {
                var value = Broadcast(values);
                a0 = T.Add(a0, Vector256.Load(codewords), value);
                a1 = T.Add(a1, Vector256.Load(codewords + 32), value);
                value = Broadcast(values + Step);
                b0 = T.Add(b0, Vector256.Load(codewords + (Panel * Step)), value);
                b1 = T.Add(b1, Vector256.Load(codewords + (Panel * Step) + 32), value);
                value = Broadcast(values + (2 * Step));
                c0 = T.Add(c0, Vector256.Load(codewords + (2 * Panel * Step)), value);
                c1 = T.Add(c1, Vector256.Load(codewords + (2 * Panel * Step) + 32), value);
                value = Broadcast(values + (3 * Step));
                d0 = T.Add(d0, Vector256.Load(codewords + (3 * Panel * Step)), value);
                d1 = T.Add(d1, Vector256.Load(codewords + (3 * Panel * Step) + 32), value);
            }

            for (; codewords < end; values += Step, codewords += Panel * Step)
            {
                var value = Broadcast(values);
                a0 = T.Add(a0, Vector256.Load(codewords), value);
                a1 = T.Add(a1, Vector256.Load(codewords + 32), value);
            }

            Finish(
                panels, panel, a0 + b0 + (c0 + d0), a1 + b1 + (c1 + d1), scale, scores, minima + (panel / Group * Panel), panel % Group > 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Start(ResidualScale* scale) => Vector256.Create(scale->Start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Broadcast(sbyte* fourBytes) => Vector256.Create(*(int*)fourBytes).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        BytePanels panels, int panel, Vector256<int> low, Vector256<int> high, ResidualScale* scale, float* scores, float* minima, bool merge)
        => Finish(
            panels.HalfNorms + (panel * Panel), panels.Scales + (panel * Panel), panels.Weights + (panel * Panel), low, high, scale, scores, minima, merge);

    /// <summary>½‖c − μ‖² + s_r s_k Σ − A w_k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish(
        float* halfNorms, float* steps, float* weights, Vector256<int> low, Vector256<int> high, ResidualScale* scale,
        float* scores, float* minima, bool merge)
    {
        Vector256<float> step = Vector256.Create(scale->Step), spread = Vector256.Create(-scale->Spread);
        var first = Vector256.MultiplyAddEstimate(Vector256.Load(weights), spread, Vector256.Load(halfNorms));
        var second = Vector256.MultiplyAddEstimate(Vector256.Load(weights + 8), spread, Vector256.Load(halfNorms + 8));
        first = Vector256.MultiplyAddEstimate(Vector256.Load(steps) * step, Vector256.ConvertToSingle(low), first);
        second = Vector256.MultiplyAddEstimate(Vector256.Load(steps + 8) * step, Vector256.ConvertToSingle(high), second);
        first.Store(scores);
        second.Store(scores + 8);
        if (merge)
        {
            first = Vector256.MinNative(first, Vector256.Load(minima));
            second = Vector256.MinNative(second, Vector256.Load(minima + 8));
        }

        first.Store(minima);
        second.Store(minima + 8);
    }
}
