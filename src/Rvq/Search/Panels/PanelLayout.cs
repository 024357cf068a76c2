namespace Rvq.Search;

/// <summary>How codewords lie in memory for the kernels: panels of sixteen, scores in groups of four panels.</summary>
internal static class PanelLayout
{
    public const int PanelSize = 16;
    public const int PanelsPerGroup = 4;

    public static int PanelCount(int codewords) => (codewords + PanelSize - 1) / PanelSize;

    public static int GroupCount(int panelCount) => (panelCount + PanelsPerGroup - 1) / PanelsPerGroup;
}
