using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Approximate scores of frames × codewords in float32, register-blocked. A panel is sixteen codewords interleaved by dimension and
/// negated, [D, 16]; a group is up to four panels. The scores of a tile of frames × panels are accumulated in registers over the
/// dimensions, starting at the half norms. <see cref="ErrorBound"/> covers every tile, whatever its order of summation.
/// </summary>
internal static unsafe class FloatScores<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const int Group = PanelLayout.PanelsPerGroup;

    /// <summary>
    /// Reads panels [panelCount, dimensions, 16], halfNorms [panelCount × 16] and vectors [frames, stride] (the first
    /// <paramref name="dimensions"/> of each row); writes scores [frames, panelCount × 16] and the minimum of each group, lane by
    /// lane, to groupMinima [frames, groupCount × 16]. Every access is inside these shapes.
    /// </summary>
    public static void Score(
        float* panels, float* halfNorms, int panelCount, int dimensions, float* vectors, int stride, int frames,
        float* scores, float* groupMinima)
    {
        var scoreStride = panelCount * Panel;
        var minimaStride = PanelLayout.GroupCount(panelCount) * Panel;
        var panelLength = (nint)dimensions * Panel;
        for (var first = 0; first < panelCount; first += Group)
        {
            var minima = groupMinima + (first / Group * Panel);
            var panel = panels + (first * panelLength);
            if (T.HasManyRegisters && panelCount - first >= Group)
            {
                var frame = 0;
                for (; frame + 4 <= frames; frame += 4)
                {
                    FourPanelsFourFrames(
                        panel, panelLength, halfNorms + (first * Panel), dimensions, vectors + ((nint)frame * stride), stride,
                        scores + ((nint)frame * scoreStride) + (first * Panel), scoreStride,
                        minima + ((nint)frame * minimaStride), minimaStride);
                }

                for (; frame < frames; frame++)
                {
                    FourPanels(
                        panel, panelLength, halfNorms + (first * Panel), dimensions, vectors + ((nint)frame * stride),
                        scores + ((nint)frame * scoreStride) + (first * Panel), minima + ((nint)frame * minimaStride));
                }

                continue;
            }

            for (var index = first; index < Math.Min(first + Group, panelCount); index++, panel += panelLength)
            {
                var frame = 0;
                for (; T.HasManyRegisters && frame + 8 <= frames; frame += 8)
                {
                    EightFrames(
                        panel, halfNorms + (index * Panel), dimensions, vectors + ((nint)frame * stride), stride,
                        scores + ((nint)frame * scoreStride) + (index * Panel), scoreStride,
                        minima + ((nint)frame * minimaStride), minimaStride, index > first);
                }

                for (; frame + 6 <= frames; frame += 6)
                {
                    SixFrames(
                        panel, halfNorms + (index * Panel), dimensions, vectors + ((nint)frame * stride), stride,
                        scores + ((nint)frame * scoreStride) + (index * Panel), scoreStride,
                        minima + ((nint)frame * minimaStride), minimaStride, index > first);
                }

                for (; frame < frames; frame++)
                {
                    One(
                        panel, halfNorms + (index * Panel), dimensions, vectors + ((nint)frame * stride),
                        scores + ((nint)frame * scoreStride) + (index * Panel), minima + ((nint)frame * minimaStride), index > first);
                }
            }
        }
    }

    [MethodImpl(InnerLoop.Options)]
    private static void FourPanelsFourFrames(
        float* panel, nint panelLength, float* halfNorms, int dimensions, float* vectors, nint stride,
        float* scores, nint scoreStride, float* minima, nint minimaStride)
    {
        T h0 = T.Load(halfNorms), h1 = T.Load(halfNorms + Panel);
        T h2 = T.Load(halfNorms + (2 * Panel)), h3 = T.Load(halfNorms + (3 * Panel));
        T a0 = h0, a1 = h1, a2 = h2, a3 = h3;
        T b0 = h0, b1 = h1, b2 = h2, b3 = h3;
        T c0 = h0, c1 = h1, c2 = h2, c3 = h3;
        T d0 = h0, d1 = h1, d2 = h2, d3 = h3;
        for (var i = 0; i < dimensions; i++, panel += Panel)
        {
            T p0 = T.Load(panel), p1 = T.Load(panel + panelLength);
            T p2 = T.Load(panel + (2 * panelLength)), p3 = T.Load(panel + (3 * panelLength));
            var vector = vectors + i;
            var value = T.Create(*vector);
            a0 = T.MultiplyAdd(p0, value, a0);
            a1 = T.MultiplyAdd(p1, value, a1);
            a2 = T.MultiplyAdd(p2, value, a2);
            a3 = T.MultiplyAdd(p3, value, a3);
            value = T.Create(*(vector + stride));
            b0 = T.MultiplyAdd(p0, value, b0);
            b1 = T.MultiplyAdd(p1, value, b1);
            b2 = T.MultiplyAdd(p2, value, b2);
            b3 = T.MultiplyAdd(p3, value, b3);
            value = T.Create(*(vector + (2 * stride)));
            c0 = T.MultiplyAdd(p0, value, c0);
            c1 = T.MultiplyAdd(p1, value, c1);
            c2 = T.MultiplyAdd(p2, value, c2);
            c3 = T.MultiplyAdd(p3, value, c3);
            value = T.Create(*(vector + (3 * stride)));
            d0 = T.MultiplyAdd(p0, value, d0);
            d1 = T.MultiplyAdd(p1, value, d1);
            d2 = T.MultiplyAdd(p2, value, d2);
            d3 = T.MultiplyAdd(p3, value, d3);
        }

        Finish(a0, a1, a2, a3, scores, minima);
        Finish(b0, b1, b2, b3, scores + scoreStride, minima + minimaStride);
        Finish(c0, c1, c2, c3, scores + (2 * scoreStride), minima + (2 * minimaStride));
        Finish(d0, d1, d2, d3, scores + (3 * scoreStride), minima + (3 * minimaStride));
    }

    [MethodImpl(InnerLoop.Options)]
    private static void FourPanels(
        float* panel, nint panelLength, float* halfNorms, int dimensions, float* vector, float* scores, float* minima)
    {
        T a0 = T.Load(halfNorms), a1 = T.Load(halfNorms + Panel);
        T a2 = T.Load(halfNorms + (2 * Panel)), a3 = T.Load(halfNorms + (3 * Panel));
        T b0 = T.Zero, b1 = T.Zero, b2 = T.Zero, b3 = T.Zero;
        var i = 0;
        for (; i + 2 <= dimensions; i += 2, panel += 2 * Panel)
        {
            var value = T.Create(vector[i]);
            a0 = T.MultiplyAdd(T.Load(panel), value, a0);
            a1 = T.MultiplyAdd(T.Load(panel + panelLength), value, a1);
            a2 = T.MultiplyAdd(T.Load(panel + (2 * panelLength)), value, a2);
            a3 = T.MultiplyAdd(T.Load(panel + (3 * panelLength)), value, a3);
            value = T.Create(vector[i + 1]);
            b0 = T.MultiplyAdd(T.Load(panel + Panel), value, b0);
            b1 = T.MultiplyAdd(T.Load(panel + Panel + panelLength), value, b1);
            b2 = T.MultiplyAdd(T.Load(panel + Panel + (2 * panelLength)), value, b2);
            b3 = T.MultiplyAdd(T.Load(panel + Panel + (3 * panelLength)), value, b3);
        }

        if (i < dimensions)
        {
            var value = T.Create(vector[i]);
            a0 = T.MultiplyAdd(T.Load(panel), value, a0);
            a1 = T.MultiplyAdd(T.Load(panel + panelLength), value, a1);
            a2 = T.MultiplyAdd(T.Load(panel + (2 * panelLength)), value, a2);
            a3 = T.MultiplyAdd(T.Load(panel + (3 * panelLength)), value, a3);
        }

        Finish(T.Add(a0, b0), T.Add(a1, b1), T.Add(a2, b2), T.Add(a3, b3), scores, minima);
    }

    [MethodImpl(InnerLoop.Options)]
    private static void EightFrames(
        float* panel, float* halfNorms, int dimensions, float* vectors, nint stride, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        T a = T.Load(halfNorms), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (var i = 0; i < dimensions; i++, panel += Panel)
        {
            var p = T.Load(panel);
            var vector = vectors + i;
            a = T.MultiplyAdd(p, T.Create(*vector), a);
            b = T.MultiplyAdd(p, T.Create(*(vector + stride)), b);
            c = T.MultiplyAdd(p, T.Create(*(vector + (2 * stride))), c);
            d = T.MultiplyAdd(p, T.Create(*(vector + (3 * stride))), d);
            e = T.MultiplyAdd(p, T.Create(*(vector + (4 * stride))), e);
            f = T.MultiplyAdd(p, T.Create(*(vector + (5 * stride))), f);
            g = T.MultiplyAdd(p, T.Create(*(vector + (6 * stride))), g);
            h = T.MultiplyAdd(p, T.Create(*(vector + (7 * stride))), h);
        }

        Finish(a, scores, minima, merge);
        Finish(b, scores + scoreStride, minima + minimaStride, merge);
        Finish(c, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
        Finish(d, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
        Finish(e, scores + (4 * scoreStride), minima + (4 * minimaStride), merge);
        Finish(f, scores + (5 * scoreStride), minima + (5 * minimaStride), merge);
        Finish(g, scores + (6 * scoreStride), minima + (6 * minimaStride), merge);
        Finish(h, scores + (7 * scoreStride), minima + (7 * minimaStride), merge);
    }

    [MethodImpl(InnerLoop.Options)]
    private static void SixFrames(
        float* panel, float* halfNorms, int dimensions, float* vectors, nint stride, float* scores, nint scoreStride,
        float* minima, nint minimaStride, bool merge)
    {
        T a = T.Load(halfNorms), b = a, c = a, d = a, e = a, f = a;
        for (var i = 0; i < dimensions; i++, panel += Panel)
        {
            var p = T.Load(panel);
            var vector = vectors + i;
            a = T.MultiplyAdd(p, T.Create(*vector), a);
            b = T.MultiplyAdd(p, T.Create(*(vector + stride)), b);
            c = T.MultiplyAdd(p, T.Create(*(vector + (2 * stride))), c);
            d = T.MultiplyAdd(p, T.Create(*(vector + (3 * stride))), d);
            e = T.MultiplyAdd(p, T.Create(*(vector + (4 * stride))), e);
            f = T.MultiplyAdd(p, T.Create(*(vector + (5 * stride))), f);
        }

        Finish(a, scores, minima, merge);
        Finish(b, scores + scoreStride, minima + minimaStride, merge);
        Finish(c, scores + (2 * scoreStride), minima + (2 * minimaStride), merge);
        Finish(d, scores + (3 * scoreStride), minima + (3 * minimaStride), merge);
        Finish(e, scores + (4 * scoreStride), minima + (4 * minimaStride), merge);
        Finish(f, scores + (5 * scoreStride), minima + (5 * minimaStride), merge);
    }

    [MethodImpl(InnerLoop.Options)]
    private static void One(float* panel, float* halfNorms, int dimensions, float* vector, float* scores, float* minima, bool merge)
    {
        T a = T.Load(halfNorms), b = T.Zero, c = T.Zero, d = T.Zero;
        var i = 0;
        if (T.HasManyRegisters)
        {
            // Eight sums hide the latency of a multiply-add: four cycles, two a cycle.
            T e = T.Zero, f = T.Zero, g = T.Zero, h = T.Zero;
            for (; i + 8 <= dimensions; i += 8, panel += 8 * Panel)
            {
                a = T.MultiplyAdd(T.Load(panel), T.Create(vector[i]), a);
                b = T.MultiplyAdd(T.Load(panel + Panel), T.Create(vector[i + 1]), b);
                c = T.MultiplyAdd(T.Load(panel + (2 * Panel)), T.Create(vector[i + 2]), c);
                d = T.MultiplyAdd(T.Load(panel + (3 * Panel)), T.Create(vector[i + 3]), d);
                e = T.MultiplyAdd(T.Load(panel + (4 * Panel)), T.Create(vector[i + 4]), e);
                f = T.MultiplyAdd(T.Load(panel + (5 * Panel)), T.Create(vector[i + 5]), f);
                g = T.MultiplyAdd(T.Load(panel + (6 * Panel)), T.Create(vector[i + 6]), g);
                h = T.MultiplyAdd(T.Load(panel + (7 * Panel)), T.Create(vector[i + 7]), h);
            }

            a = T.Add(a, e);
            b = T.Add(b, f);
            c = T.Add(c, g);
            d = T.Add(d, h);
        }

        for (; i + 4 <= dimensions; i += 4, panel += 4 * Panel)
        {
            a = T.MultiplyAdd(T.Load(panel), T.Create(vector[i]), a);
            b = T.MultiplyAdd(T.Load(panel + Panel), T.Create(vector[i + 1]), b);
            c = T.MultiplyAdd(T.Load(panel + (2 * Panel)), T.Create(vector[i + 2]), c);
            d = T.MultiplyAdd(T.Load(panel + (3 * Panel)), T.Create(vector[i + 3]), d);
        }

        for (; i < dimensions; i++, panel += Panel)
        {
            a = T.MultiplyAdd(T.Load(panel), T.Create(vector[i]), a);
        }

        Finish(T.Add(T.Add(a, b), T.Add(c, d)), scores, minima, merge);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(T a, T b, T c, T d, float* scores, float* minima)
    {
        T.Store(a, scores);
        T.Store(b, scores + Panel);
        T.Store(c, scores + (2 * Panel));
        T.Store(d, scores + (3 * Panel));
        T.Store(T.Min(T.Min(a, b), T.Min(c, d)), minima);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(T score, float* scores, float* minima, bool merge)
    {
        T.Store(score, scores);
        T.Store(merge ? T.Min(score, T.Load(minima)) : score, minima);
    }
}
