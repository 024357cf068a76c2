using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>The scans over a partial stack's scores at every width, between guard pages, against plain loops.</summary>
public sealed unsafe class BeamCandidatesTests
{
    private const int Panel = PanelLayout.PanelSize;

    [Fact]
    public void AddRowScanAndCollect_Lanes128_StayInside() => StayInside<FloatLanes128>();

    [Fact]
    public void AddRowScanAndCollect_Lanes256_StayInside() => StayInside<FloatLanes256>();

    [Fact]
    public void AddRowScanAndCollect_Lanes512_StayInside() => StayInside<FloatLanes512>();

    private static void StayInside<T>()
        where T : struct, IFloatLanes<T>
    {
        TestKernels.SkipUnlessSupported<T>();
        foreach (var atEnd in GuardCases.Ends)
        {
            foreach (var panelCount in new[] { 1, 2, 3, 4, 5, 8, 11, 260 })
            {
                var length = panelCount * Panel;
                var random = new Random(panelCount);
                using var source = new GuardedBuffer<float>(TestVectors.Normal(random, length), atEnd);
                using var row = new GuardedBuffer<sbyte>(length, atEnd);
                using var weights = new GuardedBuffer<float>(length, atEnd);
                using var target = new GuardedBuffer<float>(length, atEnd);
                using var minima = new GuardedBuffer<float>(PanelLayout.GroupCount(panelCount) * Panel, atEnd);
                for (var i = 0; i < length; i++)
                {
                    row.Span[i] = (sbyte)random.Next(-127, 128);
                    weights.Span[i] = random.NextSingle();
                }

                var from = new BeamScores(source.Pointer, row.Pointer, 0.125f);
                BeamCandidates<T>.AddRow(from, panelCount, target.Pointer, row.Pointer);
                var scores = target.Span.ToArray();
                for (var i = 0; i < length; i++)
                {
                    ScoreAssert.Close(source.Span[i] + (0.125 * row.Span[i]), scores[i]);
                }

                Scan<T>(from, weights, scores, panelCount, minima);
                Scan<T>(from, null, scores, panelCount, minima);
                Collect<T>(from, scores, panelCount, minima, atEnd);
            }
        }
    }

    private static void Scan<T>(
        BeamScores from, GuardedBuffer<float>? weights, float[] scores, int panelCount, GuardedBuffer<float> minima)
        where T : struct, IFloatLanes<T>
    {
        var lanes = new float[Panel];
        fixed (float* first = lanes)
        {
            var bounds = weights is null ? null : weights.Pointer;
            T.Store(BeamCandidates<T>.Scan(from, bounds, 2, panelCount, minima.Pointer, from.Row), first);
        }

        ScoreAssert.Minima(scores, minima.Span, panelCount, 1);
        for (var lane = 0; lane < Panel; lane++)
        {
            var own = Enumerable.Range(0, panelCount).Select(panel => (panel * Panel) + lane);
            ScoreAssert.Close(own.Min(k => scores[k] + (weights is null ? 0 : 2.0 * weights.Span[k])), lanes[lane]);
        }
    }

    private static void Collect<T>(BeamScores from, float[] scores, int panelCount, GuardedBuffer<float> minima, bool atEnd)
        where T : struct, IFloatLanes<T>
    {
        foreach (var limit in new[] { scores.Min(), scores.Order().ElementAt(scores.Length / 2), scores.Max() })
        {
            from.Limit = limit;
            int[] expected = [.. Enumerable.Range(0, scores.Length).Where(k => scores[k] <= limit)];
            using var leaves = new GuardedBuffer<BeamScores>([from], atEnd);
            using var spots = new GuardedBuffer<BeamSpot>(PanelLayout.GroupCount(panelCount) + 1, atEnd);
            using var parents = new GuardedBuffer<int>(expected.Length, atEnd);
            using var codes = new GuardedBuffer<int>(expected.Length, atEnd);
            var count = BeamCandidates<T>.Collect(
                leaves.Pointer, 1, minima.Pointer, panelCount, spots.Pointer, 7, parents.Pointer, codes.Pointer);
            Assert.Equal(expected.Length, count);
            Assert.Equal(expected, codes.Span.ToArray());
            Assert.All(parents.Span.ToArray(), parent => Assert.Equal(7, parent));
        }
    }
}
