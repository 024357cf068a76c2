using System.Buffers.Binary;

namespace Rvq.Checkpoints;

/// <summary>
/// The few Python classes and functions that checkpoints need, each imitated; no other name is accepted, so nothing in a file is executed.
/// </summary>
internal static class PickleConstruction
{
    private static readonly Dictionary<string, (ElementType Type, string Name, int Size)> Storages = new()
    {
        ["torch FloatStorage"] = (ElementType.Float32, "F32", 4),
        ["torch HalfStorage"] = (ElementType.Float16, "F16", 2),
        ["torch BFloat16Storage"] = (ElementType.BFloat16, "BF16", 2),
        ["torch DoubleStorage"] = (ElementType.Float64, "F64", 8),
        ["torch LongStorage"] = (ElementType.Other, "I64", 8),
        ["torch IntStorage"] = (ElementType.Other, "I32", 4),
        ["torch ShortStorage"] = (ElementType.Other, "I16", 2),
        ["torch CharStorage"] = (ElementType.Other, "I8", 1),
        ["torch ByteStorage"] = (ElementType.Other, "U8", 1),
        ["torch BoolStorage"] = (ElementType.Other, "BOOL", 1),
    };

    // Python 2 and 3, numpy 1 and 2 name the same things differently; the right side is how they are called here.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["collections OrderedDict"] = "dict",
        ["builtins dict"] = "dict",
        ["__builtin__ dict"] = "dict",
        ["builtins list"] = "list",
        ["__builtin__ list"] = "list",
        ["builtins tuple"] = "list",
        ["__builtin__ tuple"] = "list",
        ["builtins set"] = "list",
        ["__builtin__ set"] = "list",
        ["torch Size"] = "list",
        ["_codecs encode"] = "encode",
        ["torch._utils _rebuild_tensor"] = "tensor",
        ["torch._utils _rebuild_tensor_v2"] = "tensor",
        ["torch._utils _rebuild_parameter"] = "parameter",
        ["numpy ndarray"] = "ndarray",
        ["numpy dtype"] = "dtype",
        ["numpy.core.multiarray _reconstruct"] = "reconstruct",
        ["numpy._core.multiarray _reconstruct"] = "reconstruct",
        ["numpy.core.multiarray scalar"] = "scalar",
        ["numpy._core.multiarray scalar"] = "scalar",
    };

    /// <summary>The global of a module and name, or null where it is not one of the few.</summary>
    public static PickleGlobal? Global(string module, string name)
    {
        var full = $"{module} {name}";
        return Storages.ContainsKey(full) ? new PickleGlobal(full) : Names.TryGetValue(full, out var known) ? new PickleGlobal(known) : null;
    }

    /// <summary>The storage of a persistent id ('storage', type, key, location, count), or null where it is not one.</summary>
    public static PickleStorage? Storage(object? id)
        => id is List<object?> and ["storage", PickleGlobal type, string key, string, long and >= 0 and var count] && Storages.TryGetValue(type.Name, out var element)
            ? new PickleStorage(key, element.Type, element.Name, element.Size, count)
            : null;

    /// <summary>What calling a global gives, or null where the arguments do not fit. What is made is never larger than the arguments.</summary>
    public static object? Call(string name, List<object?> arguments) => (name, arguments) switch
    {
        ("dict", []) => new PickleMap(),
        ("list", []) => new List<object?>(),
        ("list", [List<object?> items]) => items,
        ("tensor", [PickleStorage storage, long offset, List<object?> sizes, List<object?> steps, ..]) => Tensor(storage, offset, sizes, steps),
        ("parameter", [PickleTensor tensor, ..]) => tensor,
        ("reconstruct", [PickleGlobal("ndarray"), ..]) => new PickleArray(),
        ("dtype", [string and { Length: > 0 and <= 16 } code, ..]) => new PickleType(code),
        ("scalar", [PickleType type, byte[] bytes]) => Scalar(type, bytes),
        _ => null,
    };

    /// <summary>Gives an object its state; false where that does not fit.</summary>
    public static bool Build(object? target, object? state)
    {
        switch (target, state)
        {
            case (PickleMap, PickleMap): // attributes of a state dict, such as _metadata
            case (PickleTensor, PickleMap):
                return true;
            case (PickleArray array, List<object?> items):
                return array.TrySetState(items);
            case (PickleType type, List<object?> and [long, string and [var order], ..]):
                type.Order = order;
                return true;
            default:
                return false;
        }
    }

    /// <summary>A short list of integers, or null where it is something else.</summary>
    public static long[]? Integers(List<object?> items)
        => items.Count <= TensorEntry.MaxRank && items.TrueForAll(item => item is long) ? [.. items.Select(item => (long)item!)] : null;

    private static PickleTensor? Tensor(PickleStorage storage, long offset, List<object?> sizes, List<object?> steps)
        => Integers(sizes) is { } shape && Integers(steps) is { } strides && shape.Length == strides.Length
            ? new PickleTensor(storage, offset, shape, strides)
            : null;

    private static object? Scalar(PickleType type, byte[] bytes) => (type.ToString(), bytes.Length) switch
    {
        ("<f8", 8) => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        ("<f4", 4) => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
        ("<f2", 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        ("<i8", 8) => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        ("<i4", 4) => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
        ("<i2", 2) => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
        ("|i1", 1) => (long)(sbyte)bytes[0],
        ("|u1", 1) => (long)bytes[0],
        ("<u2", 2) => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        ("<u4", 4) => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        ("|b1", 1) => bytes[0] != 0,
        _ => bytes, // of a type that nobody asks for
    };
}
