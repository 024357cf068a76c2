using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Scores in eight bits, between guard pages, against plain sums over the panels.</summary>
public sealed unsafe class ByteScoresTests
{
    private const int Panel = PanelLayout.PanelSize;

    [Fact]
    public void Score_Avx2_StaysInside() => StaysInside<ByteLanes256<Avx2Dot>>();

    [Fact]
    public void Score_Avx512_StaysInside() => StaysInside<ByteLanes512>();

    [Fact]
    public void Score_DotProd_StaysInside() => StaysInside<DotProdLanes>();

    [Fact]
    public void Score_Vnni_StaysInside() => StaysInside<ByteLanes256<VnniDot>>();

    private static void StaysInside<T>()
        where T : struct, IByteLanes<T>
    {
        TestKernels.SkipUnlessMultiplied<T>();
        foreach (var (atEnd, size, dimensions) in GuardCases.Codebooks())
        {
            // Tiles of six and of four frames, and a single one left.
            foreach (var count in new[] { 1, 17 })
            {
                // Half of them as far from zero as bytes go: dimensions alike, signs in pairs, so that the center is zero.
                var codewords = TestVectors.Normal(new Random(size), size * dimensions);
                for (var i = 0; count > 1 && i < size / 2 * 2 * dimensions; i++)
                {
                    codewords[i] = i / dimensions % 2 == 0 ? 1 : -1;
                }

                var panels = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).BytePanels(T.Form);
                var (panelCount, stride, random) = (panels.PanelCount, panels.Steps * BytePanels.Dimensions, new Random(dimensions));
                using var residuals = new GuardedBuffer<sbyte>(count * stride, atEnd);
                using var scales = new GuardedBuffer<ResidualScale>(count, atEnd);
                using var scores = new GuardedBuffer<float>(count * panelCount * Panel, atEnd);
                using var minima = new GuardedBuffer<float>(count * PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                for (var t = 0; t < count; t++)
                {
                    TestScores.FillWithExtremes<T>(residuals.Span.Slice(t * stride, stride), random);
                    var sum = residuals.Span.Slice(t * stride, stride).ToArray().Sum(value => value);
                    scales.Span[t] = new ResidualScale(random.NextSingle() / 127, random.NextSingle(), -panels.Offset * sum);
                }

                ByteScores<T>.Score(panels, residuals.Pointer, scales.Pointer, count, scores.Pointer, minima.Pointer);
                for (var i = 0; i < scores.Length; i++)
                {
                    var (t, k) = Math.DivRem(i, panelCount * Panel);
                    var (scale, sum) = (scales.Span[t], Sum(panels, k, residuals.Span.Slice(t * stride, stride)));
                    var (product, allowance) = ((double)scale.Step * panels.Scales[k] * sum, (double)scale.Spread * panels.Weights[k]);
                    ScoreAssert.Close(panels.HalfNorms[k] + product - allowance, scores.Span[i]);
                }

                ScoreAssert.Minima(scores.Span, minima.Span, panelCount, count);
                GC.KeepAlive(panels);
            }
        }
    }

    private static int Sum(BytePanels panels, int code, ReadOnlySpan<sbyte> residual)
    {
        var sum = 0;
        for (var d = 0; d < residual.Length; d++)
        {
            var at = (((((code / Panel * panels.Steps) + (d / 4)) * Panel) + (code % Panel)) * 4) + (d % 4);
            int stored = panels.Form == ByteForm.Signed ? (sbyte)panels.Panels[at] : panels.Panels[at];
            sum += (stored - panels.Offset) * residual[d];
        }

        return sum;
    }
}
