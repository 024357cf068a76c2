using System.Text;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>FORMAT.md, read anew: nothing of the library but its streams.</summary>
public class RvqFormatTests
{
    [Fact]
    public void Stream_ReadAsFormatMdSays_HasTheCodes()
    {
        var model = RvqSamples.Model([5, 1, 300, 16], [4, 2, 2, 1]);
        var header = new RvqHeader(model) { Metadata = new Dictionary<string, string> { ["a"] = "bc", ["ü"] = "" } };
        var first = RvqSamples.Codes(header, 9, 4, 1);
        var second = RvqSamples.Codes(header, 3, 2, 2);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 100, leaveOpen: true))
        {
            writer.Write<int>(first);
            writer.Write<int>(second, 2);
            writer.Complete();
        }

        var bytes = stream.ToArray();
        var reader = new BinaryReader(new MemoryStream(bytes));
        Assert.Equal([0x89, 0x52, 0x56, 0x51, 0x0D, 0x0A, 0x1A, 0x0A], reader.ReadBytes(8));
        Assert.Equal((1, 4), (reader.ReadUInt16(), reader.ReadUInt16()));
        var length = (int)reader.ReadUInt32();
        Assert.Equal((UInt128)reader.ReadUInt64() | ((UInt128)reader.ReadUInt64() << 64), header.Fingerprint);
        Assert.Equal((75, 1, 4), (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32()));
        Assert.Equal([5, 4, 1, 2, 300, 2, 16, 1], Enumerable.Range(0, 8).Select(_ => reader.ReadInt32()));
        Assert.Equal(2, reader.ReadUInt16());
        Assert.Equal(
            ["a", "bc", "ü", ""], Enumerable.Range(0, 4).Select(_ => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt32()))));
        var h = reader.ReadUInt32();
        Assert.Equal(length, reader.BaseStream.Position);
        Assert.Equal(Crc(bytes.AsSpan(0, length - 4)), h);
        Assert.Equal(bytes[..length], reader.ReadBytes(length));

        Assert.Equal(first, ReadChunk(0, 9, 4));
        Assert.Equal(second, ReadChunk(9, 3, 2));
        var start = (int)reader.BaseStream.Position;
        Assert.Equal("\u00f5RVE", Encoding.Latin1.GetString(reader.ReadBytes(4)));
        Assert.Equal(12, reader.ReadInt64());
        Assert.Equal(Crc([.. BitConverter.GetBytes(h), .. bytes[start..(start + 12)]]), reader.ReadUInt32());
        Assert.Equal(bytes.Length, reader.BaseStream.Position);

        int[] ReadChunk(long firstBlock, int blocks, int codebooks)
        {
            int[] perBlock = [1, 2, 2, 4];
            int[] bits = [3, 0, 9, 4];
            var start = (int)reader.BaseStream.Position;
            Assert.Equal("\u00f5RVC", Encoding.Latin1.GetString(reader.ReadBytes(4)));
            Assert.Equal((firstBlock, (uint)blocks, (ushort)codebooks), (reader.ReadInt64(), reader.ReadUInt32(), reader.ReadUInt16()));
            var payload = reader.ReadUInt32();
            var checksums = Enumerable.Range(0, codebooks).Select(_ => reader.ReadUInt32()).ToArray();
            Assert.Equal(Crc([.. BitConverter.GetBytes(h), .. bytes[start..(start + 22 + (4 * codebooks))]]), reader.ReadUInt32());
            var rows = Enumerable.Range(0, blocks).Select(_ => new List<int>()).ToArray();
            for (var i = 0; i < codebooks; i++)
            {
                var layer = reader.ReadBytes(((blocks * perBlock[i] * bits[i]) + 7) / 8);
                payload -= (uint)layer.Length;
                Assert.Equal(Crc(layer), checksums[i]);
                for (var k = 0; k < blocks * perBlock[i]; k++)
                {
                    rows[k / perBlock[i]].Add(
                        Enumerable.Range(0, bits[i]).Sum(b => ((layer[((k * bits[i]) + b) / 8] >> (((k * bits[i]) + b) % 8)) & 1) << b));
                }
            }

            Assert.Equal(0u, payload);
            return [.. rows.SelectMany(row => row)];
        }
    }

    [Fact]
    public void StreamThatEndsWithinABlock_ReadAsFormatMdSays_HasTheLengthBeforeTheLastChunk()
    {
        var header = new RvqHeader(RvqSamples.Model([2], [4]));
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 8))
        {
            writer.Write<int>([1, 0, 1, 1]);
            writer.Complete(15);
        }

        var bytes = stream.ToArray();
        var length = (int)BitConverter.ToUInt32(bytes, 12);
        var at = (2 * length) + 26 + 4 + 1;
        Assert.Equal([0xF5, 0x52, 0x56, 0x4C], bytes[at..(at + 4)]);
        Assert.Equal(15, BitConverter.ToInt64(bytes, at + 4));
        Assert.Equal(Crc([.. bytes[(length - 4)..length], .. bytes[at..(at + 12)]]), BitConverter.ToUInt32(bytes, at + 12));
        Assert.Equal([0xF5, 0x52, 0x56, 0x43], bytes[(at + 16)..(at + 20)]);
        Assert.Equal(bytes.Length, at + 16 + 26 + 4 + 1 + 16);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
