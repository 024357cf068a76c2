using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Rvq.Tests;

/// <summary>Reads the little-endian, C-ordered .npy files of the test data.</summary>
internal static class Npy
{
    public static (float[] Data, int[] Shape) ReadSingle(string path)
    {
        var (type, shape, payload) = Read(path);
        return type == "<f4"
            ? (MemoryMarshal.Cast<byte, float>(payload).ToArray(), shape)
            : throw new InvalidDataException($"{path} holds {type}, not <f4.");
    }

    /// <summary>Any integer or boolean type, widened to 64 bits.</summary>
    public static (long[] Data, int[] Shape) ReadInt64(string path)
    {
        var (type, shape, payload) = Read(path);
        return (type switch
        {
            "<i8" => MemoryMarshal.Cast<byte, long>(payload).ToArray(),
            "<i4" => Widen<int>(payload),
            "<u4" => Widen<uint>(payload),
            "<i2" => Widen<short>(payload),
            "<u2" => Widen<ushort>(payload),
            "|i1" => Widen<sbyte>(payload),
            "|u1" or "|b1" => Widen<byte>(payload),
            _ => throw new InvalidDataException($"{path} holds {type}, which is no integer type."),
        }, shape);
    }

    private static long[] Widen<T>(byte[] payload)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
        => Array.ConvertAll(MemoryMarshal.Cast<byte, T>(payload).ToArray(), long.CreateChecked);

    private static (string Type, int[] Shape, byte[] Payload) Read(string path)
    {
        var file = File.ReadAllBytes(path);
        if (file is not [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..])
        {
            throw new InvalidDataException($"{path} is no .npy file.");
        }

        var (start, length) = file[6] == 1
            ? (10, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8)))
            : (12, (int)BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(8)));
        var header = Encoding.UTF8.GetString(file, start, length);
        if (header.Contains("'fortran_order': True", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path} is in Fortran order.");
        }

        var type = Between(header, "'descr': '", "'");
        var shape = Between(header, "'shape': (", ")")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (type, shape, file[(start + length)..]);
    }

    private static string Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
