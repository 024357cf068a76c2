using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Rvq.Tool.Files;

/// <summary>Writes .npy files, version 1.0, little-endian, C order.</summary>
internal static class NpyWriter
{
    // The values start at a multiple of this, as NumPy's own writer has it.
    private const int Alignment = 64;
    private const int ValuesPerWrite = 1 << 16;

    /// <summary>Writes float32 or int32 values.</summary>
    public static void Write<T>(Stream stream, ReadOnlySpan<T> values, ReadOnlySpan<int> shape, CancellationToken cancellation)
        where T : unmanaged
    {
        WriteHeader<T>(stream, shape);
        for (; !values.IsEmpty; values = values[Math.Min(values.Length, ValuesPerWrite)..])
        {
            cancellation.ThrowIfCancellationRequested();
            WriteValues(stream, values[..Math.Min(values.Length, ValuesPerWrite)]);
        }
    }

    /// <summary>Writes what stands before float32 or int32 values.</summary>
    public static void WriteHeader<T>(Stream stream, ReadOnlySpan<int> shape) => stream.Write(Header(typeof(T) == typeof(float) ? "<f4" : "<i4", shape));

    /// <summary>Writes float32 or int32 values without a header.</summary>
    public static void WriteValues<T>(Stream stream, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian)
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        var reversed = new uint[values.Length];
        BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, uint>(values), reversed);
        stream.Write(MemoryMarshal.AsBytes(reversed.AsSpan()));
    }

    private static byte[] Header(string type, ReadOnlySpan<int> shape)
    {
        var lengths = string.Join(", ", shape.ToArray());
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({lengths}{(shape.Length == 1 ? "," : "")}), }}";
        ReadOnlySpan<byte> start = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 0, 0];
        var header = new byte[(start.Length + text.Length + Alignment) / Alignment * Alignment];
        header.AsSpan().Fill((byte)' ');
        start.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(header.Length - start.Length));
        Encoding.ASCII.GetBytes(text, header.AsSpan(start.Length));
        header[^1] = (byte)'\n';
        return header;
    }
}
