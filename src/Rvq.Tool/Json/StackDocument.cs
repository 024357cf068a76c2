namespace Rvq.Tool.Json;

/// <summary>A stack of a model.</summary>
/// <param name="InputProjection">Whether it projects frames before its stages.</param>
/// <param name="OutputProjection">Whether it projects the sum of its stages.</param>
/// <param name="Stages">Its stages.</param>
internal sealed record StackDocument(bool InputProjection, bool OutputProjection, IReadOnlyList<StageDocument> Stages);
