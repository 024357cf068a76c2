namespace Rvq.Tool.Json;

/// <summary>What <c>rvq train --json</c> prints.</summary>
internal sealed record TrainDocument(
    string Schema,
    string Output,
    int Dimensions,
    int CodebookCount,
    int CodebookSize,
    ulong Seed,
    long Frames,
    IReadOnlyList<TrainInput> Inputs,
    IReadOnlyList<EvaluationRow> Rows);
