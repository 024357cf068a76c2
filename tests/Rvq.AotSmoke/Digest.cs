using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Rvq.AotSmoke;

/// <summary>Hashes of values by their bits, little-endian on every machine.</summary>
internal static class Digest
{
    public static ulong Of(ReadOnlySpan<byte> bytes) => XxHash64.HashToUInt64(bytes);

    public static ulong Of(ReadOnlySpan<int> values)
    {
        var bytes = new byte[values.Length * sizeof(int)];
        for (var i = 0; i < values.Length; i++)
        {
            BitConverter.TryWriteBytes(
                bytes.AsSpan(i * sizeof(int)),
                BitConverter.IsLittleEndian ? values[i] : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(values[i]));
        }

        return Of(bytes);
    }

    public static ulong Of(ReadOnlySpan<float> values) => Of(MemoryMarshal.Cast<float, int>(values));
}
