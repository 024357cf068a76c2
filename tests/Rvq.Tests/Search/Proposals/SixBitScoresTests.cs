using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Scores in six bits, between guard pages, against plain sums over the panels.</summary>
public sealed unsafe class SixBitScoresTests
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
            var codewords = TestVectors.Normal(new Random(size), size * dimensions);
            var panels = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).SixBitPanels(T.Form);
            var (panelCount, random) = (panels.Bytes.PanelCount, new Random(dimensions));
            using var residual = new GuardedBuffer<sbyte>(panels.Groups * 16, atEnd);
            using var scale = new GuardedBuffer<ResidualScale>(1, atEnd);
            using var scores = new GuardedBuffer<float>(panelCount * Panel, atEnd);
            using var minima = new GuardedBuffer<float>(PanelLayout.GroupCount(panelCount) * Panel, atEnd);
            TestScores.FillWithExtremes<T>(residual.Span, random);
            scale.Span[0] = new ResidualScale(random.NextSingle() / 127, random.NextSingle(), random.Next(-1000, 1000));
            SixBitScores<T>.Score(panels, residual.Pointer, scale.Pointer, scores.Pointer, minima.Pointer);
            for (var k = 0; k < scores.Length; k++)
            {
                var sum = scale.Span[0].Start;
                for (var d = 0; d < residual.Length; d++)
                {
                    sum += residual.Span[d] * Stored(panels, k, d);
                }

                var (step, spread, weight) = ((double)scale.Span[0].Step, (double)scale.Span[0].Spread, panels.Bytes.Scales[k]);
                ScoreAssert.Close(panels.Bytes.HalfNorms[k] + (step * weight * sum) - (spread * weight), scores.Span[k]);
            }

            ScoreAssert.Minima(scores.Span, minima.Span, panelCount, 1);
            GC.KeepAlive(panels);
        }
    }

    /// <summary>Of sixteen dimensions, twelve have bytes of their own, and the last four the two lowest bits of three of these.</summary>
    private static int Stored(SixBitPanels panels, int code, int dimension)
    {
        var (index, step) = ((code / Panel * panels.Groups) + (dimension / 16), dimension / 4 % 4);
        var group = panels.Panels + (((index * 3 * Panel) + (code % Panel)) * 4) + (dimension % 4);
        int stored = step < 3 ? group[step * 64] : ((group[0] & 3) << 6) | ((group[64] & 3) << 4) | ((group[128] & 3) << 2);
        return panels.Bytes.Form == ByteForm.Signed ? (sbyte)stored : stored;
    }
}
