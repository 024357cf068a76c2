namespace Rvq.Tool.Json;

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions.</param>
internal sealed record TensorDocument(string Name, string Type, IReadOnlyList<long> Shape);
