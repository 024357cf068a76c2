namespace Rvq.Streams;

/// <summary>How many blocks a chunk has.</summary>
internal static class ChunkSize
{
    private const double MostOverhead = 0.05;
    private const int UsualFrameRate = 75;

    /// <summary>
    /// The blocks of a chunk of the first codebooks: so many frames, rounded up to whole blocks; or about a second, and as much more as it
    /// takes until the chunk's header and filling bits are a twentieth of its codes.
    /// </summary>
    public static int Blocks(RvqHeader header, int codebooks, int? framesPerChunk)
    {
        var frames = framesPerChunk ?? header.FrameRate ?? UsualFrameRate;
        var blocks = Math.Ceiling(frames / header.FramesPerBlock);
        if (framesPerChunk is null && header.BitsPerBlock(codebooks) is > 0 and var bits)
        {
            // Every layer may end with seven filling bits.
            var overhead = (8 * RvqFormat.ChunkHeaderLength(codebooks)) + (7 * codebooks);
            blocks = Math.Max(blocks, Math.Ceiling(overhead / (MostOverhead * bits)));
        }

        return (int)Math.Clamp(blocks, 1, Most(header, codebooks));
    }

    /// <summary>The most blocks of the first codebooks that a chunk may have.</summary>
    public static int Most(RvqHeader header, int codebooks)
        => Math.Min(RvqFormat.MaxCodesPerChunk / header.GetCodesPerBlock(codebooks), int.MaxValue / header.FramesPerBlock);
}
