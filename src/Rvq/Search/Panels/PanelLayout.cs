namespace Rvq.Search;

/// <summary>The memory layout of codewords for kernels: panels of sixteen, whose scores are grouped by four panels.</summary>
internal static class PanelLayout
{
    public const int PanelSize = 16;
    public const int PanelsPerGroup = 4;

    public static int PanelCount(int codewords) => (codewords + PanelSize - 1) / PanelSize;

    public static int GroupCount(int panelCount) => (panelCount + PanelsPerGroup - 1) / PanelsPerGroup;
}
