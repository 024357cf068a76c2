namespace Rvq.Tool.Json;

/// <summary>What <c>rvq evaluate --json</c> prints.</summary>
internal sealed record EvaluationDocument(
    string Schema, long Frames, int Dimensions, double? FrameRate, int BeamWidth, IReadOnlyList<EvaluationRow> Rows);
