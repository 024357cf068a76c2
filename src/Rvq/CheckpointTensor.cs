using Rvq.Checkpoints;

namespace Rvq;

/// <summary>A tensor of a <see cref="Checkpoint"/>.</summary>
/// <param name="Name">The name that reads it.</param>
/// <param name="ElementType">
/// The type of its elements as safetensors writes it: F32, F16, BF16 and F64 can be read; or the file's own word for another.
/// </param>
/// <param name="Shape">The dimensions, none negative; empty for a single value.</param>
public sealed record CheckpointTensor(string Name, string ElementType, IReadOnlyList<long> Shape)
{
    /// <summary>Name, type and shape for people.</summary>
    public override string ToString() => $"{TensorEntry.Quote(Name)} {ElementType} [{string.Join(", ", Shape)}]";
}
