namespace Rvq.Tool.Json;

/// <summary>What <c>rvq inspect --json</c> says of a file of codes. What a file does not say is null.</summary>
/// <param name="Schema">rvq.codes/1.</param>
/// <param name="Format">rvq, ecdc, dac or npy.</param>
/// <param name="Sequences">The sequences of frames.</param>
/// <param name="Frames">The frames of them all.</param>
/// <param name="Codes">The codes of them all.</param>
/// <param name="FrameRate">Frames per second.</param>
/// <param name="Fingerprint">The hash of the model.</param>
/// <param name="Complete">Whether the file has its end.</param>
/// <param name="Fault">What is damaged first.</param>
/// <param name="Metadata">What else the file says.</param>
/// <param name="Codebooks">How each codebook is used.</param>
internal sealed record CodesDocument(
    string Schema,
    string Format,
    long Sequences,
    long Frames,
    long Codes,
    double? FrameRate,
    string? Fingerprint,
    bool Complete,
    string? Fault,
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyList<CodebookUsage> Codebooks);
