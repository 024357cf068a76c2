using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Rvq.Tests.Checkpoints;

/// <summary>Writes tensors in the containers that other programs use, field by field as their formats say.</summary>
internal static class ContainerBytes
{
    /// <summary>A .npy file of version 1.</summary>
    public static byte[] Npy(string type, string shape, byte[] data, bool fortran = false)
        => [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(
            $"{{'descr': '{type}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}".PadRight(117) + "\n"), .. data];

    public static byte[] Npz(CompressionLevel compression, params (string Name, byte[] Data)[] arrays)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, data) in arrays)
            {
                using var entry = zip.CreateEntry($"{name}.npy", compression).Open();
                entry.Write(data);
            }
        }

        return stream.ToArray();
    }

    /// <summary>A tar file of the ustar kind.</summary>
    public static byte[] Tar(params (string Name, byte[] Data)[] files)
    {
        using var stream = new MemoryStream();
        foreach (var (name, data) in files)
        {
            var header = new byte[512];
            Encoding.ASCII.GetBytes(name).CopyTo(header, 0);
            Encoding.ASCII.GetBytes(Convert.ToString(data.Length, 8).PadLeft(11, '0')).CopyTo(header, 124);
            header[156] = (byte)'0';
            "ustar"u8.CopyTo(header.AsSpan(257));
            stream.Write(header);
            stream.Write(data);
            stream.Write(new byte[-data.Length & 511]);
        }

        stream.Write(new byte[1024]);
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] data)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(data);
        }

        return stream.ToArray();
    }

    /// <summary>A GGUF file of version 3 with one text, one integer and one list of integers beside the tensors.</summary>
    public static byte[] Gguf(TensorBytes[] tensors, int alignment = 32, string? key = null)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Length);
        writer.Write(4L);
        Text("general.name");
        writer.Write(8);
        Text("a codec");
        Text("general.alignment");
        writer.Write(4);
        writer.Write(alignment);
        Text("list");
        writer.Write(9);
        writer.Write(5);
        writer.Write(3L);
        writer.Write(8);
        writer.Write(-5);
        writer.Write(4);
        Text(key ?? "float");
        writer.Write(key is null ? 6 : 4);
        writer.Write(key is null ? BitConverter.SingleToInt32Bits(0.5f) : 3);
        var offset = 0;
        foreach (var tensor in tensors)
        {
            Text(tensor.Name);
            writer.Write(tensor.Shape.Length);
            foreach (var size in tensor.Shape.Reverse())
            {
                writer.Write(size);
            }

            writer.Write(tensor.Type switch { "F32" => 0, "F16" => 1, "BF16" => 30, "F64" => 28, "Q8_0" => 8, _ => 99 });
            writer.Write((long)offset);
            offset += (tensor.Data.Length + alignment - 1) / alignment * alignment;
        }

        foreach (var tensor in tensors)
        {
            writer.Write(new byte[(alignment - (stream.Position % alignment)) % alignment]);
            writer.Write(tensor.Data);
        }

        return stream.ToArray();

        void Text(string text)
        {
            writer.Write((long)text.Length);
            writer.Write(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>A field of a protobuf message that is bytes.</summary>
    public static byte[] Field(int number, params ReadOnlySpan<byte> value)
        => [.. Varint((ulong)(number << 3) | 2), .. Varint((ulong)value.Length), .. value];

    /// <summary>A field of a protobuf message that is an integer.</summary>
    public static byte[] Field(int number, ulong value) => [.. Varint((ulong)number << 3), .. Varint(value)];

    public static byte[] Varint(ulong value) => value < 128 ? [(byte)value] : [(byte)(value | 128), .. Varint(value >> 7)];

    /// <summary>A TensorProto with raw bytes.</summary>
    public static byte[] OnnxTensor(TensorBytes tensor)
        => [.. OnnxHead(tensor), .. Field(8, Encoding.UTF8.GetBytes(tensor.Name)), .. Field(9, tensor.Data)];

    /// <summary>Sizes and type of a TensorProto.</summary>
    public static byte[] OnnxHead(TensorBytes tensor)
        => [.. tensor.Shape.SelectMany(size => Field(1, (ulong)size)),
            .. Field(2, tensor.Type switch { "F32" => 1ul, "F16" => 10, "F64" => 11, "BF16" => 16, _ => 7 })];

    /// <summary>A model of a graph with these initializers and nodes.</summary>
    public static byte[] Onnx(byte[][] initializers, params byte[][] nodes)
        => [.. Field(1, 8ul), .. Field(2, "pytorch"u8),
            .. Field(7, [.. nodes.SelectMany(node => Field(1, node)), .. initializers.SelectMany(tensor => Field(5, tensor))]),
            .. Field(14, [.. Field(1, "key"u8), .. Field(2, "value"u8)])];

    /// <summary>Float16 elements of a tensor of whole numbers, as bytes.</summary>
    public static byte[] Halves(params ReadOnlySpan<float> values)
    {
        var bytes = new byte[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(i * 2), (Half)values[i]);
        }

        return bytes;
    }
}
