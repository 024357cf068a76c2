using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>
/// The residual loop over codebooks of at most sixteen codewords, whose stages are so short that the latency from one residual to the next
/// is what counts. A vector holds four dimensions of four codewords: one load broadcasts four dimensions of the residual, and four vectors
/// fold into one of scores. <see cref="OrderedKeys"/> find the smallest score together with its code. The margin grows with ‖r‖², of which
/// an upper bound is kept from stage to stage. BOUNDS.md, B4.
/// </summary>
internal static unsafe class SmallStackCodes<T>
    where T : struct, IFloatLanes<T>
{
    private const int Panel = PanelLayout.PanelSize;
    private const float Unit = (float)Rounding.Unit;

    // What rounds in the next residual and in the bound of its norm: a factor of (1 + u)⁴.
    private const float Up = 1 + (1f / (1 << 20));

    // Of the smallest score: keys lose 2⁻¹⁹ of it, the limit's last sum 2u.
    private const float KeyLoss = 1f / (1 << 17);

    // Of u: at least eight times the D/8 + 8 roundings that a term of ‖r‖² passes at most.
    private const int NormRoundings = 64;

    // More than squares of up to 10⁵ values lose by underflow.
    private const float NormUnderflow = 1e-38f;

    /// <summary>
    /// Reads and writes residuals [frames, <paramref name="stride"/>], reads the arrays of each <see cref="SmallStage"/>, writes code m of
    /// frame f to codes[f × <paramref name="codeStride"/> + m] and upper bounds of the last residuals' ‖r‖² to squaredNorms [frames]. Every
    /// access is inside these shapes.
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
            var (margin, perSquaredNorm, maxSquaredNorm) = (stage->Margin, stage->MarginPerSquaredNorm, stage->MaxSquaredNorm);
            float* panels = stage->Panels, rows = stage->Rows;
            var residual = residuals;
            for (nint frame = 0; frame < frames; frame++, residual += stride)
            {
                var scores = Scores(panels, halfNorms, residual, stride);
                var key = T.SmallestKey(scores);
                var code = OrderedKeys.Place(key);
                var smallest = OrderedKeys.Floor(key);
                var squaredNorm = squaredNorms[frame];
                var limit = smallest + ((MathF.Abs(smallest) * KeyLoss) + (margin + (perSquaredNorm * squaredNorm)));
                var hits = T.AtMost(scores, T.Create(limit));
                var isOpen = (hits & (hits - 1)) != 0 || !(squaredNorm <= maxSquaredNorm);
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
            // Eight sums hide the latency of a multiply-add: four cycles, two a cycle.
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

    /// <summary>An upper bound of ‖r‖².</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float Bound(float* residual, int stride)
        => (RowArithmetic.SquaredNorm(residual, stride) * (1 + ((stride + NormRoundings) * Unit))) + NormUnderflow;
}
