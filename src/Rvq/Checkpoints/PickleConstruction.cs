using System.Buffers.Binary;

namespace Rvq.Checkpoints;

/// <summary>
/// The few Python classes and functions that checkpoints need, each imitated. Every other name makes an empty <see cref="PickleObject"/>,
/// so nothing in a file is executed.
/// </summary>
internal static class PickleConstruction
{
    private const int MaxKeyLength = 64;
    private const string TensorMaker = "torch._utils _rebuild_";

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
        ["torch ComplexFloatStorage"] = (ElementType.Other, "C64", 8),
        ["torch ComplexDoubleStorage"] = (ElementType.Other, "C128", 16),
        ["torch QInt8Storage"] = (ElementType.Other, "quantized", 1),
        ["torch QUInt8Storage"] = (ElementType.Other, "quantized", 1),
        ["torch QInt32Storage"] = (ElementType.Other, "quantized", 4),
        ["torch UntypedStorage"] = (ElementType.Other, "U8", 1),
        ["torch.storage UntypedStorage"] = (ElementType.Other, "U8", 1),
    };

    // The element types that PyTorch gives beside an untyped storage.
    private static readonly Dictionary<string, (ElementType Type, string Name, int Size)> Types = new()
    {
        ["torch float32"] = (ElementType.Float32, "F32", 4),
        ["torch float16"] = (ElementType.Float16, "F16", 2),
        ["torch bfloat16"] = (ElementType.BFloat16, "BF16", 2),
        ["torch float64"] = (ElementType.Float64, "F64", 8),
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
        ["builtins frozenset"] = "list",
        ["__builtin__ frozenset"] = "list",
        ["torch Size"] = "list",
        ["_codecs encode"] = "encode",
        ["torch._utils _rebuild_tensor"] = "tensor",
        ["torch._utils _rebuild_tensor_v2"] = "tensor",
        ["torch._utils _rebuild_tensor_v3"] = "tensor of type",
        ["torch._utils _rebuild_parameter"] = "parameter",
        ["torch._utils _rebuild_parameter_with_state"] = "parameter",
        ["torch._tensor _rebuild_from_type"] = "subclass",
        ["torch._tensor _rebuild_from_type_v2"] = "subclass",
        ["numpy dtype"] = "dtype",
        ["numpy.core.multiarray _reconstruct"] = "reconstruct",
        ["numpy._core.multiarray _reconstruct"] = "reconstruct",
        ["numpy.core.multiarray scalar"] = "scalar",
        ["numpy._core.multiarray scalar"] = "scalar",
        ["numpy.core.numeric _frombuffer"] = "frombuffer",
        ["numpy._core.numeric _frombuffer"] = "frombuffer",
    };

    /// <summary>The global of a module and name, under the name that it has here where it is one of the few.</summary>
    public static PickleGlobal Global(string module, string name)
    {
        var full = $"{module} {name}";
        return new PickleGlobal(Names.GetValueOrDefault(full, full));
    }

    /// <summary>
    /// The storage of a persistent id ('storage', type, key, location, count[, view]), or an opaque object where it is something else.
    /// </summary>
    /// <exception cref="InvalidDataException">A storage whose parts do not fit.</exception>
    public static object Storage(object? id)
    {
        if (id is not List<object?> parts || parts is not ["storage", ..])
        {
            return new PickleObject("persistent id");
        }

        if (parts is not [_, PickleGlobal type, string { Length: <= MaxKeyLength } key, string or null, long and >= 0 and var whole, ..])
        {
            throw new InvalidDataException("a persistent id that is no storage");
        }

        var element = Storages.GetValueOrDefault(type.Name, (ElementType.Other, type.Name.Split(' ')[^1], 0));
        var (start, count) = parts is [.., List<object?> and [string, long and >= 0 and var first, long and >= 0 and var length]]
            ? (first, length)
            : (0, whole);
        return new PickleStorage(key, element.Item1, element.Item2, element.Item3, count) { Start = start };
    }

    /// <summary>
    /// What calling a global gives: an opaque object where it is not one of the few, null where the arguments do not fit. What is made is
    /// never larger than the arguments.
    /// </summary>
    public static object? Call(string name, List<object?> arguments) => (name, arguments) switch
    {
        ("dict", []) => new PickleMap(),
        ("dict", [List<object?> pairs]) => Map(pairs),
        ("list", []) => new List<object?>(),
        ("list", [List<object?> items]) => items,
        ("tensor", [PickleStorage, _, List<object?> sizes, _, _, _, PickleMap view, ..]) when IsTrue(view, "neg") || IsTrue(view, "conj")
            => new PickleUnread("negated or conjugated", Integers(sizes) ?? []),
        ("tensor", [PickleStorage storage, long offset, List<object?> sizes, List<object?> steps, ..])
            => Tensor(storage, offset, sizes, steps),
        ("tensor" or "tensor of type", [PickleObject, ..]) => new PickleUnread("of an unknown storage", []),
        ("tensor of type", [PickleStorage storage, long offset, List<object?> sizes, List<object?> steps, _, _, PickleGlobal type, ..])
            => Tensor(Typed(storage, type.Name), offset, sizes, steps),
        ("parameter", [PickleTensor or PickleUnread or PickleArray, ..]) => arguments[0],
        ("parameter", [PickleObject inner, ..]) => inner,
        ("subclass", [PickleGlobal { Name: not "subclass" } function, _, List<object?> inner, ..]) => Call(function.Name, inner),
        ("reconstruct", [PickleGlobal("numpy ndarray"), ..]) => new PickleArray(),
        ("dtype", [string and { Length: > 0 and <= 16 } code, ..]) => new PickleType(code),
        ("scalar", [PickleType type, byte[] bytes]) => Scalar(type, bytes),
        ("frombuffer", [byte[] bytes, PickleType { ElementSize: > 0 } type, List<object?> sizes, string order])
            => Array(bytes, type, sizes, order),
        ("torch._utils _rebuild_device_tensor_from_numpy", [PickleArray array, ..]) => array,
        ("torch._utils _rebuild_meta_tensor_no_storage", [_, List<object?> sizes, ..])
            => new PickleUnread("without data", Integers(sizes) ?? []),
        ("torch._utils _rebuild_qtensor", [_, _, List<object?> sizes, ..]) => new PickleUnread("quantized", Integers(sizes) ?? []),
        ("tensor" or "tensor of type" or "parameter" or "subclass", _) => null,
        _ when name.StartsWith(TensorMaker, StringComparison.Ordinal) => new PickleUnread(name[TensorMaker.Length..].Replace('_', ' '), []),
        _ => new PickleObject(name),
    };

    /// <summary>Gives an object its state; false where numbers in it do not fit. What is not needed of it is dropped.</summary>
    public static bool Build(object? target, object? state)
    {
        switch (target, state)
        {
            case (PickleObject unknown, _):
                unknown.State = state;
                return true;
            case (PickleArray array, List<object?> items):
                return array.TrySetState(items);
            case (PickleType type, List<object?> items):
                type.Order = items is [long, string and [var order], ..] ? order : '?';
                return true;
            case (PickleMap or PickleTensor or PickleUnread or PickleGlobal, _): // attributes of a state dict, such as _metadata
                return true;
            default:
                return false;
        }
    }

    /// <summary>A short list of integers, or null where it is something else.</summary>
    public static long[]? Integers(List<object?> items)
        => items.Count <= TensorEntry.MaxRank && items.TrueForAll(item => item is long) ? [.. items.Select(item => (long)item!)] : null;

    private static bool IsTrue(PickleMap view, string name) => view.TryGet(name, out var value) && value is true;

    // An OrderedDict of Python 2 comes as its pairs.
    private static PickleMap? Map(List<object?> pairs)
    {
        var map = new PickleMap();
        foreach (var pair in pairs)
        {
            if (pair is not List<object?> parts || parts is not [var key, var value])
            {
                return null;
            }

            map.Pairs.Add(new(key, value));
        }

        return map;
    }

    private static PickleArray? Array(byte[] bytes, PickleType type, List<object?> sizes, string order)
    {
        var array = new PickleArray();
        return array.TryFill(sizes, type, order == "F", bytes) ? array : null;
    }

    /// <summary>An untyped storage, whose count is in bytes, as one of a type.</summary>
    private static PickleStorage Typed(PickleStorage storage, string type)
        => Types.TryGetValue(type, out var element) && storage.ElementSize == 1 && storage.Count % element.Size == 0
            ? storage with
            {
                Type = element.Type,
                TypeName = element.Name,
                ElementSize = element.Size,
                Count = storage.Count / element.Size
            }
            : storage with { Type = ElementType.Other, TypeName = type.Split(' ')[^1], ElementSize = 0 };

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
