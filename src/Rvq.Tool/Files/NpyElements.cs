using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Rvq.Tool.Files;

/// <summary>The types that <c>--dtype</c> chooses from, each list's default first.</summary>
internal static class NpyElements
{
    /// <summary>The types of codes.</summary>
    public static readonly NpyElement<int>[] Codes =
    [
        Integer<int>("int32", "<i4"), Integer<byte>("uint8", "|u1"), Integer<short>("int16", "<i2"), Integer<ushort>("uint16", "<u2"),
        Integer<long>("int64", "<i8"),
    ];

    /// <summary>The types of frames.</summary>
    public static readonly NpyElement<float>[] Frames =
        [Float<float>("float32", "<f4"), Float<Half>("float16", "<f2"), Float<double>("float64", "<f8")];

    /// <summary>Refuses a type before the work that cannot hold all codes of a model.</summary>
    /// <exception cref="InvalidDataException">The type is too small.</exception>
    public static void ThrowIfTooSmall(NpyElement<int> element, RvqModel model)
    {
        Span<int> largest = [model.Stages.ToArray().Max(stage => stage.Codebook.Size) - 1];
        element.ToBytes(largest, new byte[element.Size]);
    }

    private static NpyElement<int> Integer<T>(string name, string code)
        where T : unmanaged, IBinaryInteger<T>
        => new(name, code, Unsafe.SizeOf<T>(), (values, bytes) =>
        {
            var converted = MemoryMarshal.Cast<byte, T>(bytes);
            for (var i = 0; i < values.Length; i++)
            {
                converted[i] = T.CreateTruncating(values[i]);
                ThrowIfNot(int.CreateTruncating(converted[i]) == values[i], name, values[i]);
            }

            ToLittleEndian<T>(bytes);
        });

    // Rounding to a narrower type is meant; that a value leaves its range is not.
    private static NpyElement<float> Float<T>(string name, string code)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => new(name, code, Unsafe.SizeOf<T>(), (values, bytes) =>
        {
            var converted = MemoryMarshal.Cast<byte, T>(bytes);
            TensorPrimitives.ConvertTruncating(values, converted);
            for (var i = 0; i < values.Length; i++)
            {
                ThrowIfNot(T.IsFinite(converted[i]) || !float.IsFinite(values[i]), name, values[i]);
            }

            ToLittleEndian<T>(bytes);
        });

    private static void ThrowIfNot<T>(bool fits, string name, T value)
    {
        if (!fits)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"--dtype {name} cannot hold {value}."));
        }
    }

    private static void ToLittleEndian<T>(Span<byte> bytes)
    {
        if (!BitConverter.IsLittleEndian)
        {
            NpyReader.ReverseItems(bytes, Unsafe.SizeOf<T>());
        }
    }
}
