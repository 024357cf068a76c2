using System.Text;

namespace Rvq.Tests.Readme;

/// <summary>
/// Writes the smallest encoder there is as an ONNX file: one convolution, audio [1, 1, S] → latent [1, D, S], which multiplies every
/// sample with a vector.
/// </summary>
internal static class OnnxEncoder
{
    private const int Float = 1;
    private const int Int64List = 7;

    /// <summary>The bytes of the model; field numbers are those of onnx.proto.</summary>
    public static byte[] Create(float[] vector)
    {
        byte[] kernel = [.. Text(1, "kernel_shape"), .. Varint(8, 1), .. Varint(20, Int64List)];
        byte[] node = [.. Text(1, "audio"), .. Text(1, "vector"), .. Text(2, "latent"), .. Text(4, "Conv"), .. Bytes(5, kernel)];
        byte[] weights =
        [
            .. Varint(1, vector.Length), .. Varint(1, 1), .. Varint(1, 1), .. Varint(2, Float), .. Text(8, "vector"),
            .. Bytes(9, [.. vector.SelectMany(BitConverter.GetBytes)]),
        ];
        byte[] graph =
        [
            .. Bytes(1, node), .. Text(2, "encoder"), .. Bytes(5, weights),
            .. Bytes(11, Value("audio", 1)), .. Bytes(12, Value("latent", vector.Length)),
        ];
        return [.. Varint(1, 8), .. Bytes(7, graph), .. Bytes(8, [.. Text(1, ""), .. Varint(2, 13)])];
    }

    private static byte[] Value(string name, int channels)
    {
        byte[] shape = [.. Bytes(1, Varint(1, 1)), .. Bytes(1, Varint(1, channels)), .. Bytes(1, Text(2, "S"))];
        return [.. Text(1, name), .. Bytes(2, Bytes(1, [.. Varint(1, Float), .. Bytes(2, shape)]))];
    }

    private static byte[] Varint(int field, int value) => [.. Number(field << 3), .. Number(value)];

    private static byte[] Text(int field, string text) => Bytes(field, Encoding.ASCII.GetBytes(text));

    private static byte[] Bytes(int field, byte[] bytes) => [.. Number((field << 3) | 2), .. Number(bytes.Length), .. bytes];

    private static IEnumerable<byte> Number(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }
}
