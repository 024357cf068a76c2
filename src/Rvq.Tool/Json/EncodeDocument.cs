namespace Rvq.Tool.Json;

/// <summary>What <c>rvq encode --json</c> prints.</summary>
internal sealed record EncodeDocument(
    string Schema, string Output, string Format, IReadOnlyList<int> Shape, long Frames, int CodebookCount, double BitsPerFrame,
    int BeamWidth, string Fingerprint);
