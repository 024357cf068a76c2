using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// Stacks of codebooks of at most sixteen codewords, whose stages are so short that the time from one residual to the next is what counts. A
/// vector holds four dimensions of four codewords, so that four dimensions of the residual are spread by one load and four vectors fold
/// into one of scores; the smallest score and its code are found in one, and how far scores can be trusted beside them.
/// <para>
/// <see cref="ErrorBound"/> covers the scores: a term passes at most D/4 multiply-adds, three sums of partial sums and that with the half norm (for D &lt; 3 fewer,
/// as zeros add nothing). Its margin grows with ‖r‖, of whose square an upper bound N is kept from stage to stage instead of being summed anew: with L
/// at least the score s of the code, ‖r − c‖² = ‖r‖² + 2s ≤ N + 2L, and what rounds in r − c, in N + 2L and in the product here is within 1 + 2⁻²⁰. L is the
/// limit of the candidates: the code is one of them, and the margin in it is twice what scores can be off by.
/// </para>
/// </summary>
internal static unsafe class SmallStackCodes<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const float Up = 1 + (1f / (1 << 20));

    /// <summary>
    /// Reads and writes residuals [frames, <paramref name="stride"/>], reads of each stage what <see cref="SmallStage"/> says, writes code m of frame f to
    /// codes[f × <paramref name="codeStride"/> + m] and bounds of what is left to squaredNorms [frames]; every access is inside these.
    /// </summary>
    [MethodImpl(InnerLoop.Options)]
    public static void Quantize<TDouble>(
        SmallStage* stage, int stages, float* residuals, nint stride, int frames, int* codes, nint codeStride, float* squaredNorms)
        where TDouble : struct, IDoubleLanes<TDouble>
    {
        for (var frame = 0; frame < frames; frame++)
        {
            squaredNorms[frame] = Bound(residuals + (frame * stride), (int)stride);
        }

        for (var last = stage + stages; stage < last; stage++, codes++)
        {
            var halfNorms = T.Load(stage->HalfNorms);
            var (margin, perSquaredNorm, largest) = (stage->Margin, stage->MarginPerSquaredNorm, stage->LargestSquaredNorm);
            float* panels = stage->Panels, rows = stage->Rows;
            var residual = residuals;
            for (nint frame = 0; frame < frames; frame++, residual += stride)
            {
                var scores = Scores(panels, halfNorms, residual, stride);
                var key = T.SmallestKey(scores);
                var code = OrderedKeys.Place(key);
                var smallest = OrderedKeys.Floor(key);
                var squaredNorm = squaredNorms[frame];
                var limit = smallest + ((MathF.Abs(smallest) * (1f / (1 << 17))) + (margin + (perSquaredNorm * squaredNorm)));
                var hits = T.AtMost(scores, T.Create(limit));
                var isOpen = (hits & (hits - 1)) != 0 || !(squaredNorm <= largest);
                if (isOpen)
                {
                    code = Definition.Nearest<TDouble>(residual, rows, stage->ExactHalfNorms, (int)stride, null, stage->Size);
                }

                codes[frame * codeStride] = code;
                LaneArithmetic<T>.Difference(residual, rows + (code * stride), residual, (int)stride);
                squaredNorms[frame] = isOpen ? Bound(residual, (int)stride) : (squaredNorm + (2 * limit)) * Up;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Scores(float* panels, T halfNorms, float* residual, nint stride)
    {
        T a = T.Zero, b = a, c = a, d = a;
        var end = residual + stride;
        if (T.HasManyRegisters)
        {
            // Eight sums, as many as are under way at once.
            T e = a, f = a, g = a, h = a;
            for (; residual < end; residual += 8, panels += 8 * Panel)
            {
                var value = T.LoadFour(residual);
                a = T.MultiplyAdd(value, panels, a);
                b = T.MultiplyAdd(value, panels + Panel, b);
                c = T.MultiplyAdd(value, panels + (2 * Panel), c);
                d = T.MultiplyAdd(value, panels + (3 * Panel), d);
                value = T.LoadFour(residual + 4);
                e = T.MultiplyAdd(value, panels + (4 * Panel), e);
                f = T.MultiplyAdd(value, panels + (5 * Panel), f);
                g = T.MultiplyAdd(value, panels + (6 * Panel), g);
                h = T.MultiplyAdd(value, panels + (7 * Panel), h);
            }

            return T.Add(halfNorms, T.SumQuarters(T.Add(a, e), T.Add(b, f), T.Add(c, g), T.Add(d, h)));
        }

        for (; residual < end; residual += 4, panels += 4 * Panel)
        {
            var value = T.LoadFour(residual);
            a = T.MultiplyAdd(value, panels, a);
            b = T.MultiplyAdd(value, panels + Panel, b);
            c = T.MultiplyAdd(value, panels + (2 * Panel), c);
            d = T.MultiplyAdd(value, panels + (3 * Panel), d);
        }

        return T.Add(halfNorms, T.SumQuarters(a, b, c, d));
    }

    /// <summary>At least ‖r‖², whose terms pass at most D/8 + 8 roundings; what underflows is below 2⁻¹⁴⁹ a term.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Bound(float* residual, int stride) => (RowArithmetic.SquaredNorm(residual, stride) * (1 + ((stride + 64) * (1f / (1 << 24))))) + 1e-38f;
}
