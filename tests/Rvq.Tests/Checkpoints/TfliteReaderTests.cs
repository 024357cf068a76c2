using System.Runtime.InteropServices;

namespace Rvq.Tests.Checkpoints;

public sealed class TfliteReaderTests
{
    private static readonly float[] Values = [1, 2, 3, 4, 5, 6];

    [Theory]
    [InlineData(0, "F32", 4)]
    [InlineData(1, "F16", 2)]
    [InlineData(10, "F64", 8)]
    [InlineData(2, "I32", 4)]
    [InlineData(3, "U8", 1)]
    [InlineData(4, "I64", 8)]
    [InlineData(9, "I8", 1)]
    [InlineData(5, "TFLite type 5", 3)]
    public void Read_EveryType_IsReadOrNamed(byte type, string name, int size)
    {
        byte[] data = name switch
        {
            "F32" => MemoryMarshal.AsBytes<float>(Values).ToArray(),
            "F16" => ContainerBytes.Halves(Values),
            "F64" => MemoryMarshal.AsBytes<double>(Array.ConvertAll(Values, value => (double)value)).ToArray(),
            _ => new byte[6 * size],
        };
        using var checkpoint = Checkpoint.Open(new MemoryStream(TfliteBytes.Model(("other", 3, [1], [7]), ("a", type, [2, 3], data))));
        Assert.Equal(["'net.other' U8 [1]", $"'net.a' {name} [2, 3]"], checkpoint.Tensors.Select(tensor => tensor.ToString()));
        Assert.Equal("TFLite", checkpoint.Format);
        if (name[0] == 'F')
        {
            Assert.Equal(Values, checkpoint.Read("net.a"));
        }
        else
        {
            Assert.Contains(name, Assert.Throws<InvalidDataException>(() => checkpoint.Read("net.a")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_ScalarsAndEmptyBuffers_AreTakenAsTheyAre()
    {
        var bytes = MemoryMarshal.AsBytes<float>([9]).ToArray();
        using var checkpoint = Checkpoint.Open(new MemoryStream(TfliteBytes.Model(("scalar", 0, null, bytes), ("variable", 0, [2], []))));
        Assert.Equal("'net.scalar' F32 []", Assert.Single(checkpoint.Tensors).ToString()); // only constants have bytes
        Assert.Equal([9f], checkpoint.Read("net.scalar"));
    }

    [Fact]
    public void Read_OffsetsThatLeadOut_NameTheirEnd()
    {
        var file = TfliteBytes.Model(("a", 0, [1], new byte[4]));
        foreach (var (target, words) in new[] { (file.Length - 2, "has an offset to byte"), (file.Length - 4, "at byte") })
        {
            BitConverter.TryWriteBytes(file, target); // where the root table is
            Assert.Contains(words, ModelAssert.Refused(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_ShapesThatDoNotFitTheirBytes_AreRefused()
    {
        var data = MemoryMarshal.AsBytes<float>(Values).ToArray();
        foreach (var shape in new int[][] { [2, 4], [7], [], [-2, -3], [int.MaxValue, int.MaxValue, int.MaxValue], [2, 3, 0] })
        {
            Assert.Contains("'net.a'", ModelAssert.Refused(TfliteBytes.Model(("a", 0, shape, data))), StringComparison.Ordinal);
        }

        Assert.Contains(
            "dimensions",
            ModelAssert.Refused(TfliteBytes.Model(("a", 0, [.. Enumerable.Repeat(1, 1000)], data))),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CutOrWithAnyByteChanged_IsReadOrRefused()
    {
        var file = TfliteBytes.Model(("a", 0, [2, 3], MemoryMarshal.AsBytes<float>(Values).ToArray()), ("b", 3, [4], new byte[4]));
        for (var length = 8; length < file.Length - 4; length++)
        {
            ModelAssert.Refused(file[..length]);
        }

        for (var at = 8; at < file.Length; at++)
        {
            foreach (var value in new byte[] { 0, 1, 0x7F, 0xFF })
            {
                var changed = (byte[])file.Clone();
                changed[at] = value;
                try
                {
                    using var checkpoint = Checkpoint.Open(new MemoryStream(changed));
                    Assert.InRange(checkpoint.Tensors.Count, 0, 2);
                }
                catch (InvalidDataException)
                {
                }
            }
        }
    }
}
