namespace Rvq.Checkpoints;

/// <summary>
/// A published model, recognised by its sizes where no config.json gives the rates. 0 codebooks stand for any number.
/// </summary>
internal sealed record PublishedCodec(
    string Family, string Name, int Codebooks, int Size, int CodewordDimensions, int FrameDimensions, int? SampleRate, int? HopLength,
    int[]? Strides = null)
{
    private static readonly int[] SnacStrides = [8, 4, 2, 1];

    private static readonly PublishedCodec[] All =
    [
        new("EnCodec", "EnCodec", 32, 1024, 128, 128, 24000, 320),
        new("EnCodec", "EnCodec", 16, 1024, 128, 128, 48000, 320),
        new("EnCodec", "EnCodec", 4, 2048, 128, 128, 32000, 640), // MusicGen's
        new("EnCodec", "EnCodec", 4, 2048, 128, 128, 16000, 320), // AudioGen's
        new("EnCodec", "SpeechTokenizer", 8, 1024, 1024, 1024, 16000, 320),
        new("EnCodec", "Lyra", 46, 16, 64, 64, 16000, 320),
        new("DAC", "DAC", 9, 1024, 8, 1024, 44100, 512),
        new("DAC", "DAC", 18, 1024, 8, 128, 44100, 512),
        new("DAC", "DAC", 32, 1024, 8, 1024, 24000, 320),
        new("DAC", "DAC", 12, 1024, 8, 1024, 16000, 320),
        new("DAC", "SNAC", 3, 4096, 8, 768, 24000, 512, SnacStrides[1..]),
        new("DAC", "SNAC", 4, 4096, 8, 1024, null, null, SnacStrides), // 32 and 44 kHz; their config.json tells which
        new("Fish S1-DAC", "Fish S1-DAC", 10, 4096, 8, 1024, 44100, 2048),
        new("BigCodec", "BigCodec", 1, 8192, 8, 1024, 16000, 200),
        new("BiCodec", "BiCodec", 1, 8192, 8, 1024, 16000, 320),
        new("Mimi", "Mimi", 0, 2048, 256, 512, 24000, 1920),
    ];

    /// <summary>The family of a published model's name, or null.</summary>
    public static string? FamilyOf(string name)
        => Array.Find(All, codec => string.Equals(codec.Name, name, StringComparison.OrdinalIgnoreCase))?.Family;

    /// <summary>The published model of a family with these sizes, and of this sample rate where one is known; or null.</summary>
    public static PublishedCodec? Find(
        string family, int codebooks, long size, long codewordDimensions, int frameDimensions, int? sampleRate)
        => Array.Find(All, codec => codec.Family == family
            && (codec.Codebooks == 0 || codec.Codebooks == codebooks)
            && codec.Size == size
            && codec.CodewordDimensions == codewordDimensions
            && codec.FrameDimensions == frameDimensions
            && (sampleRate is null || codec.SampleRate is null || codec.SampleRate == sampleRate));
}
