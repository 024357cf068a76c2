using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Rvq.OnnxRuntime;

/// <summary>What a tensor argument is, and how it is refused.</summary>
internal sealed class TensorArgument
{
    private readonly string _name;

    /// <exception cref="ArgumentException">
    /// The value is no tensor, lies in a device's memory, or is larger than a span of bytes.
    /// </exception>
    public TensorArgument(OrtValue value, string name)
    {
        _name = name;
        if (!value.IsTensor)
        {
            throw new ArgumentException($"{name} is a {value.OnnxType}, but a tensor is needed.", name);
        }

        var info = value.GetTensorTypeAndShape();
        (Type, Shape) = (info.ElementDataType, info.Shape);
        ThrowIfTooLarge(Shape, sizeof(long), name, name);
        using var memory = value.GetTensorMemoryInfo();
        if (memory.Name != "Cpu" && memory.GetMemoryType() is not (OrtMemType.CpuInput or OrtMemType.CpuOutput))
        {
            throw new ArgumentException(
                $"{name} lies in the memory of {memory.Name}, but the CPU's is needed: bind the session's output to "
                + "OrtMemoryInfo.DefaultInstance, or run without an IoBinding.",
                name);
        }
    }

    public TensorElementType Type { get; }

    public long[] Shape { get; }

    /// <summary>Refuses more elements than ONNX Runtime's spans can hold, which are bytes inside.</summary>
    public static void ThrowIfTooLarge(long[] shape, int elementSize, string name, string what)
    {
        Int128 bytes = elementSize;
        foreach (var length in shape)
        {
            bytes = bytes > int.MaxValue && length > 0 ? bytes : bytes * length;
        }

        if (bytes > int.MaxValue)
        {
            throw new ArgumentException(
                $"{what} has the shape [{string.Join(", ", shape)}] of {elementSize} bytes each; "
                    + $"at most {int.MaxValue} bytes are possible, so pass parts.",
                name);
        }
    }

    /// <summary>Refuses another type, another rank than 3, or another length of an axis.</summary>
    public void ThrowIfNot(string needed, bool isType, int axis, int length, Func<long[], string> hint)
    {
        if (!isType || Shape.Length != 3 || Shape[axis] != length)
        {
            throw Refused($"{needed} is needed{(Shape.Length == 3 && Shape[axis] != length ? hint(Shape) : "")}");
        }
    }

    public ArgumentException Refused(string needed)
        => new($"{_name} has the shape [{string.Join(", ", Shape)}] of {Type}, but {needed}{(needed.EndsWith('?') ? "" : ".")}", _name);
}
