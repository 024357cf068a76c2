namespace Rvq.Checkpoints;

/// <summary>
/// A published model, recognised by its sizes where no config.json gives the rates. 0 codebooks stand for any number.
/// </summary>
internal sealed record PublishedCodec(
    string Family, string Name, int Codebooks, int Size, int CodewordDimensions, int FrameDimensions, int? SampleRate, int? HopLength, int[]? Strides = null)
{
    private static readonly int[] SnacStrides = [8, 4, 2, 1];

    private static readonly PublishedCodec[] All =
    [
        new("EnCodec", "EnCodec", 32, 1024, 128, 128, 24000, 320),
        new("EnCodec", "EnCodec", 16, 1024, 128, 128, 48000, 320),
        new("EnCodec", "EnCodec", 4, 2048, 128, 128, 32000, 640),
        new("EnCodec", "SpeechTokenizer", 8, 1024, 1024, 1024, 16000, 320),
        new("EnCodec", "Lyra", 46, 16, 64, 64, 16000, 320),
        new("DAC", "DAC", 9, 1024, 8, 1024, 44100, 512),
        new("DAC", "DAC", 18, 1024, 8, 128, 44100, 512),
        new("DAC", "DAC", 32, 1024, 8, 1024, 24000, 320),
        new("DAC", "DAC", 12, 1024, 8, 1024, 16000, 320),
        new("DAC", "SNAC", 3, 4096, 8, 768, 24000, 512, SnacStrides[1..]),
        new("DAC", "SNAC", 4, 4096, 8, 1024, null, null, SnacStrides), // 32 and 44 kHz have equal sizes
        new("Mimi", "Mimi", 0, 2048, 256, 512, 24000, 1920),
    ];

    /// <summary>The published model of a family with the sizes of these stages, or null.</summary>
    public static PublishedCodec? Find(string family, int codebooks, Codebook codebook, int frameDimensions)
        => Array.Find(All, codec => codec.Family == family
            && (codec.Codebooks == 0 || codec.Codebooks == codebooks)
            && codec.Size == codebook.Size
            && codec.CodewordDimensions == codebook.Dimensions
            && codec.FrameDimensions == frameDimensions);
}
