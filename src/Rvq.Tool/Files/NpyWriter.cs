using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Rvq.Tool.Files;

/// <summary>Writes .npy files, version 1.0, little-endian, C order.</summary>
internal static class NpyWriter
{
    // The values start at a multiple of this, as NumPy's own writer has it.
    private const int Alignment = 64;

    /// <summary>Writes float32 values.</summary>
    public static void Write(Stream stream, ReadOnlySpan<float> values, ReadOnlySpan<int> shape, CancellationToken cancellation)
        => Write(stream, "<f4", MemoryMarshal.Cast<float, uint>(values), shape, cancellation);

    /// <summary>Writes int32 values.</summary>
    public static void Write(Stream stream, ReadOnlySpan<int> values, ReadOnlySpan<int> shape, CancellationToken cancellation)
        => Write(stream, "<i4", MemoryMarshal.Cast<int, uint>(values), shape, cancellation);

    private static void Write(Stream stream, string type, ReadOnlySpan<uint> values, ReadOnlySpan<int> shape, CancellationToken cancellation)
    {
        stream.Write(Header(type, shape));
        var buffer = new uint[1 << 16];
        while (!values.IsEmpty)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = values[..Math.Min(values.Length, buffer.Length)];
            if (BitConverter.IsLittleEndian)
            {
                part.CopyTo(buffer);
            }
            else
            {
                BinaryPrimitives.ReverseEndianness(part, buffer);
            }

            stream.Write(MemoryMarshal.AsBytes(buffer.AsSpan(0, part.Length)));
            values = values[part.Length..];
        }
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
