using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Rvq.Checkpoints;

/// <summary>
/// Reads the header of a .npy file: magic, version, the length of a Python dictionary, the dictionary with descr, fortran_order and shape,
/// then the elements.
/// </summary>
internal static class NpyTensor
{
    private const int MaxHeaderBytes = 1 << 16;

    /// <summary>The name of the tensor of a .npy file, which has none.</summary>
    public const string Name = "array";

    public static bool Recognises(ReadOnlySpan<byte> start) => start is [0x93, ..] && start[1..].StartsWith("NUMPY"u8);

    public static TensorFile Read(Stream stream)
        => new(stream, [Read(stream, 0, stream.Length, Name)], new Dictionary<string, string>()) { Format = "npy" };

    /// <summary>The tensor of a .npy file that lies at a place in a stream.</summary>
    public static TensorEntry Read(Stream stream, long start, long length, string name)
    {
        var cursor = new StreamCursor(stream, $".npy array {TensorEntry.Quote(name)}");
        cursor.Skip(start, "the file");
        var array = cursor.Part(length, "the array");
        var magic = array.Bytes(8, 8, "magic");
        if (!Recognises(magic) || magic[6] is < 1 or > 3)
        {
            throw array.Invalid("does not start as one of version 1 to 3");
        }

        var headerLength = magic[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(array.Bytes(2, 2, "header length"))
            : array.UInt32("header length");
        var header = Encoding.Latin1.GetString(array.Bytes(headerLength, MaxHeaderBytes, "header"));
        if (Value(header, "descr") is not { } type || Value(header, "fortran_order") is not { } fortran
            || fortran is not ("True" or "False")
            || Shape(Value(header, "shape")) is not { } shape || TensorEntry.TryCount(shape) is not { } count)
        {
            throw array.Invalid($"has a header that is not understood: {TensorEntry.Quote(header.Trim())}");
        }

        var element = NumpyType.Of(type.Trim('\'', '"').Replace('=', '<'));
        if (type.Contains('O', StringComparison.Ordinal) || (Int128)count * element.Size > array.Remaining)
        {
            throw array.Invalid(
                $"is said to hold {count} elements of type {TensorEntry.Quote(type)} in the {array.Remaining} bytes that are left");
        }

        return new TensorEntry(name, element.Type, element.Name, shape, array.Position)
        {
            Strides = fortran == "True" ? NumpyType.FortranStrides(shape) : null,
        };
    }

    /// <summary>What stands behind a key of the header's dictionary, up to the comma or bracket that ends it.</summary>
    private static string? Value(string header, string key)
    {
        var at = header.IndexOf($"'{key}':", StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var rest = header[(at + key.Length + 3)..].TrimStart();
        var end = rest.StartsWith('(') ? rest.IndexOf(')') + 1 : rest.IndexOfAny([',', '}']);
        return end <= 0 ? null : rest[..end].Trim();
    }

    /// <summary>A tuple of numbers; Python 2 wrote an L behind them.</summary>
    private static long[]? Shape(string? tuple)
    {
        if (tuple is not ['(', .., ')'])
        {
            return null;
        }

        var parts = tuple[1..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var shape = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts.Length > TensorEntry.MaxRank
                || !long.TryParse(parts[i].TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
            {
                return null;
            }
        }

        return shape;
    }
}
