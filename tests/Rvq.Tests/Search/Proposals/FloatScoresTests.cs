using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Scores in float32 at every width, between guard pages, against a plain loop over the panels.</summary>
public sealed unsafe class FloatScoresTests
{
    private const int Panel = PanelLayout.PanelSize;

    [Fact]
    public void Score_Lanes128_StaysInside() => StaysInside<FloatLanes128>();

    [Fact]
    public void Score_Lanes256_StaysInside() => StaysInside<FloatLanes256>();

    [Fact]
    public void Score_Lanes512_StaysInside() => StaysInside<FloatLanes512>();

    private static void StaysInside<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        foreach (var (atEnd, size, dimensions) in GuardCases.Codebooks())
        {
            foreach (var count in new[] { 1, 15 })
            {
                var (codewords, frames) = TestVectors.Create("random", size, dimensions, count, size);
                var source = new SearchTable(new Codebook(codewords, dimensions), SearchMetric.Euclidean).FloatPanels;
                var panelCount = source.PanelCount;
                using var panels = new GuardedBuffer<float>(source.Panels, panelCount * dimensions * Panel, atEnd);
                using var halfNorms = new GuardedBuffer<float>(source.HalfNorms, panelCount * Panel, atEnd);
                using var vectors = new GuardedBuffer<float>(GuardCases.Padded(frames, dimensions), atEnd);
                using var scores = new GuardedBuffer<float>(count * panelCount * Panel, atEnd);
                using var minima = new GuardedBuffer<float>(count * PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                FloatScores<T>.Score(
                    panels.Pointer, halfNorms.Pointer, panelCount, dimensions, vectors.Pointer, Definition.PaddedLength(dimensions), count,
                    scores.Pointer, minima.Pointer);
                for (var i = 0; i < scores.Length; i++)
                {
                    var (t, k) = Math.DivRem(i, panelCount * Panel);
                    double score = halfNorms.Span[k];
                    for (var d = 0; d < dimensions; d++)
                    {
                        score += (double)panels.Span[(((k / Panel * dimensions) + d) * Panel) + (k % Panel)] * frames[(t * dimensions) + d];
                    }

                    ScoreAssert.Close(score, scores.Span[i]);
                }

                ScoreAssert.Minima(scores.Span, minima.Span, panelCount, count);
                GC.KeepAlive(source);
            }
        }
    }
}
