using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Rvq.Tests.Checkpoints;

/// <summary>A tensor as the tests write it into files.</summary>
internal sealed record TensorBytes(string Name, string Type, long[] Shape, byte[] Data)
{
    public static TensorBytes Single(string name, long[] shape, params float[] values)
        => new(name, "F32", shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    /// <summary>A tensor of random normal values.</summary>
    public static TensorBytes Random(string name, params long[] shape)
    {
        var random = new Random(name.Length + (int)shape.Sum());
        return Single(name, shape,
            [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(random.NextDouble() - 0.5))]);
    }

    public TensorBytes Renamed(Func<string, string> rename) => this with { Name = rename(Name) };

    /// <summary>The tensors as safetensors, one after the other.</summary>
    public static byte[] Safetensors(IEnumerable<TensorBytes> tensors, string? metadata = null)
    {
        var header = new StringBuilder("{").Append(metadata is null ? "" : $"\"__metadata__\":{metadata},");
        using var data = new MemoryStream();
        foreach (var tensor in tensors)
        {
            header.Append($$"""{{JsonSerializer.Serialize(tensor.Name)}}:{"dtype":"{{tensor.Type}}","shape":[{{string.Join(',', tensor.Shape)}}],"data_offsets":[{{data.Length}},""");
            data.Write(tensor.Data);
            header.Append($"{data.Length}]}},");
        }

        return Safetensors($"{header.ToString().TrimEnd(',')}}}", data.ToArray());
    }

    /// <summary>A safetensors file of any header and data.</summary>
    public static byte[] Safetensors(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file, 8 + json.Length);
        return file;
    }

    /// <summary>The tensors of a well-formed safetensors file, read without the library.</summary>
    public static TensorBytes[] FromSafetensors(string path)
    {
        var file = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        using var header = JsonDocument.Parse(file.AsMemory(8, length));
        return [.. header.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__").Select(tensor => new TensorBytes(
            tensor.Name,
            tensor.Value.GetProperty("dtype").GetString()!,
            [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())],
            file.AsSpan(8 + length)[tensor.Value.GetProperty("data_offsets")[0].GetInt32()..tensor.Value.GetProperty("data_offsets")[1]
                .GetInt32()].ToArray()))];
    }
}
