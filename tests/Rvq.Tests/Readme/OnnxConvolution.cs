using System.Text;

namespace Rvq.Tests.Readme;

/// <summary>
/// Writes the smallest encoders and decoders there are as ONNX files: one convolution without overlap, from audio [B, 1, S] to latents [B,
/// D, S / hop], or one transposed convolution back. Also compiled into the program that a test builds from the packages alone.
/// </summary>
internal static class OnnxConvolution
{
    private const int Float = 1;
    private const int Float16 = 10;
    private const int Int64List = 7;
    private const int Int64 = 2;

    /// <summary>audio [B, 1, S] → latents [B, D, S / hop]; weights [D, hop].</summary>
    public static byte[] Encoder(float[] weights, int dimensions, bool half = false)
        => Create("audio", "latents", weights, dimensions, isEncoder: true, half);

    /// <summary>latents [B, D, T] → audio [B, 1, T × hop]; weights [D, hop].</summary>
    public static byte[] Decoder(float[] weights, int dimensions)
        => Create("latents", "audio", weights, dimensions, isEncoder: false, half: false);

    // Field numbers are those of onnx.proto.
    private static byte[] Create(string input, string output, float[] weights, int dimensions, bool isEncoder, bool half)
    {
        var hop = weights.Length / dimensions;
        var result = half ? "unrounded" : output;
        byte[] convolution =
        [
            .. Text(1, input), .. Text(1, "weights"), .. Text(2, result), .. Text(4, isEncoder ? "Conv" : "ConvTranspose"),
            .. Bytes(5, Numbers("kernel_shape", hop)), .. Bytes(5, Numbers("strides", hop)),
        ];
        byte[] initializer =
        [
            .. Varint(1, dimensions), .. Varint(1, 1), .. Varint(1, hop), .. Varint(2, Float), .. Text(8, "weights"),
            .. Bytes(9, [.. weights.SelectMany(BitConverter.GetBytes)]),
        ];
        byte[] cast = [.. Text(1, result), .. Text(2, output), .. Text(4, "Cast"),
            .. Bytes(5, [.. Text(1, "to"), .. Varint(3, Float16), .. Varint(20, Int64)])];
        byte[] graph =
        [
            .. Bytes(1, convolution), .. half ? Bytes(1, cast) : [], .. Text(2, "codec"), .. Bytes(5, initializer),
            .. Bytes(11, Value(input, isEncoder ? 1 : dimensions, "S", Float)),
            .. Bytes(12, Value(output, isEncoder ? dimensions : 1, "T", half ? Float16 : Float)),
        ];
        return [.. Varint(1, 8), .. Bytes(7, graph), .. Bytes(8, [.. Text(1, ""), .. Varint(2, 13)])];
    }

    private static byte[] Numbers(string name, int value) => [.. Text(1, name), .. Varint(8, value), .. Varint(20, Int64List)];

    private static byte[] Value(string name, int channels, string time, int type)
    {
        byte[] shape = [.. Bytes(1, Text(2, "B")), .. Bytes(1, Varint(1, channels)), .. Bytes(1, Text(2, time))];
        return [.. Text(1, name), .. Bytes(2, Bytes(1, [.. Varint(1, type), .. Bytes(2, shape)]))];
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
