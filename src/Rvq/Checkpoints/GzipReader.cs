using System.IO.Compression;

namespace Rvq.Checkpoints;

/// <summary>Inflates gzip, whose length cannot be known before.</summary>
internal static class GzipReader
{
    // Weights hardly shrink, so what grows beyond this is no checkpoint.
    private const long FreeBytes = 1 << 20;
    private const int MaxGrowth = 16;

    public static bool Recognises(ReadOnlySpan<byte> start) => start is [0x1F, 0x8B, 8, ..];

    public static Stream Inflate(Stream stream)
    {
        stream.Position = 0;
        using var inflated = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
        return Spool.Copy(inflated, FreeBytes + (MaxGrowth * stream.Length), "The gzip file");
    }
}
