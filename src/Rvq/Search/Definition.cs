namespace Rvq.Search;

internal static class Definition
{
    public const int Lanes = 8;
    public static int PaddedLength(int length) => checked((length + Lanes - 1) / Lanes * Lanes);
}
