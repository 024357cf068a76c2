namespace Rvq.Checkpoints;

// What a pickle can hold here, beside null, bool, long, double, string, byte[] and List<object?> (list, tuple and set alike).

/// <summary>A dictionary, its pairs in the order of the pickle; keys are not compared, so a hostile one costs nothing.</summary>
internal sealed class PickleMap
{
    public List<KeyValuePair<object?, object?>> Pairs { get; } = [];

    /// <summary>The value of the last pair with a text key, as Python would have kept it.</summary>
    public bool TryGet(string key, out object? value)
    {
        var at = Pairs.FindLastIndex(pair => pair.Key is string name && name == key);
        value = at < 0 ? null : Pairs[at].Value;
        return at >= 0;
    }
}

/// <summary>The name of a Python class or function that a pickle may mention.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>A PyTorch storage by its persistent id. An element size of 0 is one that is not known.</summary>
internal sealed record PickleStorage(string Key, ElementType Type, string TypeName, int ElementSize, long Count)
{
    /// <summary>Where a view of the storage starts, in elements (PyTorch's old format).</summary>
    public long Start { get; init; }
}

/// <summary>A PyTorch tensor: a view of a storage, offset and strides in elements. Not checked against the storage yet.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>A numpy element type such as <c>&lt;f4</c>, <c>&lt;u2</c> or <c>|O</c>.</summary>
internal sealed class PickleType(string code)
{
    /// <summary>Kind and size, such as <c>f4</c>.</summary>
    public string Code { get; } = code;

    public char Order { get; set; } = '<';

    /// <summary>The bytes of an element, or 0 where that is not known.</summary>
    public int ElementSize => Code is ['f' or 'i' or 'u' or 'b', >= '1' and <= '8' and var size] ? size - '0' : 0;

    public override string ToString() => $"{(Code is [_, '1'] ? '|' : Order)}{Code}";
}

/// <summary>A numpy array: either bytes of a known type or, for arrays of Python objects, the objects.</summary>
internal sealed class PickleArray
{
    public PickleType? Type { get; private set; }

    public long[] Shape { get; private set; } = [0];

    public bool IsFortranOrder { get; private set; }

    /// <summary>The elements' bytes, exactly as many as type and shape need; empty for an array of objects.</summary>
    public byte[] Data { get; private set; } = [];

    /// <summary>The objects of an array of objects, as many as the shape needs.</summary>
    public List<object?> Objects { get; private set; } = [];

    /// <summary>
    /// Fills the array from numpy's state (version, shape, dtype, is_fortran, data). An array of a type that is not read (texts, dates,
    /// structures) stays empty; false where numbers and their bytes do not fit together.
    /// </summary>
    public bool TrySetState(List<object?> state)
    {
        if (state is not [long, List<object?> sizes, var elements, bool fortran, var data])
        {
            return false;
        }

        return elements is not PickleType type || (type.ElementSize == 0 && type.Code[0] != 'O') || TryFill(sizes, type, fortran, data);
    }

    /// <summary>Fills the array; false where shape, type and data do not fit together.</summary>
    public bool TryFill(List<object?> sizes, PickleType type, bool fortran, object? data)
    {
        if (PickleConstruction.Integers(sizes) is not { } shape || TensorEntry.TryCount(shape) is not { } count)
        {
            return false;
        }

        if (data is byte[] bytes && type.ElementSize > 0 && (Int128)count * type.ElementSize == bytes.Length)
        {
            Data = bytes;
        }
        else if (data is List<object?> objects && type.Code[0] == 'O' && objects.Count == count)
        {
            Objects = objects;
        }
        else
        {
            return false;
        }

        (Type, Shape, IsFortranOrder) = (type, shape, fortran);
        return true;
    }
}
