namespace Rvq.Tool.Json;

/// <summary>What <c>rvq inspect --tensors --json</c> says of a checkpoint.</summary>
internal sealed record TensorsDocument(
    string Schema, string Format, IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<TensorDocument> Tensors);
