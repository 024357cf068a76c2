namespace Rvq.Checkpoints;

/// <summary>The element types that can be read as float32; all others are carried along unread.</summary>
internal enum ElementType
{
    Other,
    Float32,
    Float16,
    BFloat16,
    Float64,
}

/// <summary>Where a tensor lies in its file. Made only after its lengths have been checked against the file.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Type">The element type.</param>
/// <param name="TypeName">The element type as the file writes it.</param>
/// <param name="Shape">The dimensions, none negative, their product within 64 bits.</param>
/// <param name="Offset">The first element's byte offset in the file.</param>
internal sealed record TensorEntry(string Name, ElementType Type, string TypeName, long[] Shape, long Offset)
{
    /// <summary>The most dimensions that a tensor may have.</summary>
    public const int MaxRank = 64;

    /// <summary>Steps between elements, in elements, for a tensor that is not row-major; else null.</summary>
    public long[]? Strides { get; init; }

    /// <summary>Why the tensor cannot be read, where its type does not say it; else null.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Where the tensor lies, for messages, where <see cref="Offset"/> is not an offset in the file; else null.</summary>
    public string? Place { get; init; }

    public long Count => TryCount(Shape)!.Value;

    public int ElementSize => Type switch
    {
        ElementType.Float64 => 8,
        ElementType.Float32 => 4,
        ElementType.Float16 or ElementType.BFloat16 => 2,
        _ => 0,
    };

    /// <summary>The product of the dimensions, or null where one is negative or the product leaves 64 bits.</summary>
    public static long? TryCount(ReadOnlySpan<long> shape)
    {
        var count = (Int128)1;
        foreach (var size in shape)
        {
            count *= size;
            if (size < 0 || count > long.MaxValue)
            {
                return null;
            }
        }

        return (long)count;
    }

    public InvalidDataException Invalid(string reason, Exception? inner = null)
        => new($"Tensor {Quote(Name)} {Place ?? $"at byte {Offset}"} {reason}", inner);

    /// <summary>Name, type and shape for people.</summary>
    public override string ToString() => $"{Quote(Name)} {TypeName} [{string.Join(", ", Shape)}]";

    /// <summary>A name from a file made fit for a message: of bounded length and without control characters.</summary>
    public static string Quote(string name)
    {
        var shown = name.Length > 120 ? string.Concat(name.AsSpan(0, 120), "…") : name;
        return $"'{string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c))}'";
    }
}
