using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>Scores [frames, panels, 16] and the minima [frames, groups, 16] over the panels of each group.</summary>
internal static class ScoreAssert
{
    private const int Panel = PanelLayout.PanelSize;

    /// <summary>Relative to magnitudes of some hundred at most.</summary>
    public static void Close(double expected, float actual)
    {
        var close = double.IsPositiveInfinity(expected) ? float.IsPositiveInfinity(actual) : Math.Abs(expected - actual) < 1e-3;
        Assert.True(close, $"{actual} is not {expected}");
    }

    public static void Minima(ReadOnlySpan<float> scores, ReadOnlySpan<float> minima, int panelCount, int count)
    {
        var groups = PanelLayout.GroupCount(panelCount);
        for (var i = 0; i < count * groups * Panel; i++)
        {
            var (frame, group, lane) = (i / Panel / groups, i / Panel % groups, i % Panel);
            var expected = float.PositiveInfinity;
            var end = Math.Min((group + 1) * PanelLayout.PanelsPerGroup, panelCount);
            for (var panel = group * PanelLayout.PanelsPerGroup; panel < end; panel++)
            {
                expected = Math.Min(expected, scores[(((frame * panelCount) + panel) * Panel) + lane]);
            }

            Assert.Equal(expected, minima[i]);
        }
    }
}
