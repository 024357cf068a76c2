using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Rvq.Tool.Files;

/// <summary>Writes .npy files, version 1.0, little-endian, C order.</summary>
internal static class NpyWriter
{
    // The values start at a multiple of this, as NumPy's own writer has it.
    private const int Alignment = 64;
    private const int ValuesPerWrite = 1 << 16;

    /// <summary>Writes values.</summary>
    /// <exception cref="InvalidDataException">The type cannot hold one.</exception>
    public static void Write<T>(
        Stream stream, ReadOnlySpan<T> values, ReadOnlySpan<int> shape, NpyElement<T> element, CancellationToken cancellation)
        where T : unmanaged
    {
        WriteHeader(stream, shape, element);
        for (; !values.IsEmpty; values = values[Math.Min(values.Length, ValuesPerWrite)..])
        {
            cancellation.ThrowIfCancellationRequested();
            WriteValues(stream, values[..Math.Min(values.Length, ValuesPerWrite)], element);
        }
    }

    /// <summary>Writes what stands before values.</summary>
    public static void WriteHeader<T>(Stream stream, ReadOnlySpan<int> shape, NpyElement<T> element)
        where T : unmanaged
        => stream.Write(Header(element.Code, shape));

    /// <summary>Writes values without a header.</summary>
    /// <exception cref="InvalidDataException">The type cannot hold one.</exception>
    public static void WriteValues<T>(Stream stream, ReadOnlySpan<T> values, NpyElement<T> element)
        where T : unmanaged
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(values.Length, ValuesPerWrite) * element.Size);
        try
        {
            for (; !values.IsEmpty; values = values[Math.Min(values.Length, ValuesPerWrite)..])
            {
                var part = values[..Math.Min(values.Length, ValuesPerWrite)];
                var bytes = buffer.AsSpan(0, part.Length * element.Size);
                element.ToBytes(part, bytes);
                stream.Write(bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
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
