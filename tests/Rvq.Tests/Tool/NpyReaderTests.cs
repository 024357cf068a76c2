using System.Buffers.Binary;
using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

public class NpyReaderTests
{
    public static TheoryData<string, string> SingleFiles => new()
    {
        // 1, −2, 0.5 in every float type, both byte orders.
        { "<f2", "003C 00C0 0038" },
        { ">f2", "3C00 C000 3800" },
        { "<f4", "0000803F 000000C0 0000003F" },
        { ">f4", "3F800000 C0000000 3F000000" },
        { "<f8", "000000000000F03F 00000000000000C0 000000000000E03F" },
        { ">f8", "3FF0000000000000 C000000000000000 3FE0000000000000" },
    };

    public static TheoryData<string, string, int[]> IntegerFiles => new()
    {
        { "|i1", "01 FF 7F", [1, -1, 127] },
        { "|u1", "01 FF 7F", [1, 255, 127] },
        { "<i2", "0100 FEFF 0001", [1, -2, 256] },
        { ">i2", "0001 FFFE 0100", [1, -2, 256] },
        { "<u2", "0100 FEFF 0001", [1, 65534, 256] },
        { "<i4", "01000000 FEFFFFFF 00000001", [1, -2, 1 << 24] },
        { ">i4", "00000001 FFFFFFFE 01000000", [1, -2, 1 << 24] },
        { "<u4", "01000000 FEFFFF7F 00000001", [1, 0x7FFFFFFE, 1 << 24] },
        { "<i8", "0100000000000000 FEFFFFFFFFFFFFFF 0000000100000000", [1, -2, 1 << 24] },
        { ">u8", "0000000000000001 000000007FFFFFFF 0000000001000000", [1, int.MaxValue, 1 << 24] },
    };

    public static TheoryData<string> HostileHeaders =>
    [
        "", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}", "[1]",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'x': 1}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3}", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} x",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}",
        NpyFile.Header("<c8", "(3,)"), NpyFile.Header("|b1", "(3,)"), NpyFile.Header("<U3", "(3,)"), NpyFile.Header("<f1", "(3,)"),
        NpyFile.Header("<f16", "(3,)"),
        NpyFile.Header("<f4", "(1152921504606846976,)"), NpyFile.Header("<f4", "(99999999999999999999999,)"),
        NpyFile.Header("<f4", "(4294967296, 4294967296)"),
        NpyFile.Header("<f4", "(2147483647, 2147483647, 2147483647)"), NpyFile.Header("<f4", "(0, 4294967299)"),
        NpyFile.Header("<f4", "(65536, 65536)"),
        NpyFile.Header("<f4", "(3000000000,)"), NpyFile.Header("<f4", "(2,)"), NpyFile.Header("<f4", "(4,)"), NpyFile.Header("<f4", "(0,)"),
        NpyFile.Header("<f8", "(3,)"),
        NpyFile.Header("<f4", "(" + string.Concat(Enumerable.Repeat("1, ", 65)) + "3)"), NpyFile.Header("<f4", "(3, 3 3)"),
        NpyFile.Header("<f4", "(,)"),
    ];

    [Theory]
    [MemberData(nameof(SingleFiles))]
    public void ReadSingle_EveryFloatType_GivesTheValues(string type, string payload)
    {
        var array = NpyReader.ReadSingle(Open(NpyFile.Create(NpyFile.Header(type, "(3,)"), Hex(payload))));
        Assert.Equal([1f, -2f, 0.5f], array.Values);
        Assert.Equal([3], array.Shape);
    }

    [Theory]
    [MemberData(nameof(IntegerFiles))]
    public void ReadInt32_EveryIntegerType_GivesTheValues(string type, string payload, int[] expected)
        => Assert.Equal(expected, NpyReader.ReadInt32(Open(NpyFile.Create(NpyFile.Header(type, "(3,)"), Hex(payload)))).Values);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ReadSingle_EveryVersion_IsRead(byte version)
        => Assert.Equal([1f], NpyReader.ReadSingle(Open(NpyFile.Create(NpyFile.Header("<f4", "(1, 1)"), Hex("0000803F"), version))).Values);

    [Fact]
    public void ReadSingle_DoubleQuotesAndOtherOrder_IsRead()
        => Assert.Equal([1, 1], NpyReader.ReadSingle(
            Open(NpyFile.Create("{ \"shape\":(1,1),\"fortran_order\":True,\"descr\":\"<f4\" }", Hex("0000803F")))).Shape);

    [Fact]
    public void ReadSingle_LengthsOfPython2_AreRead()
    {
        var expected = NpyReader.ReadSingle(Open(File.ReadAllBytes(ToolProcess.Fixture("frames.npy"))));
        var array = NpyReader.ReadSingle(Open(File.ReadAllBytes(ToolProcess.Fixture("npy_odd/L.npy"))));
        Assert.Equal([40, 8], array.Shape);
        Assert.Equal(expected.Values, array.Values);
    }

    [Theory]
    [InlineData("npy_odd/s.npy", "structures")]
    [InlineData("npy_odd/a.npz", ".npz archive")]
    [InlineData("cli_ecdc_dac/x.ecdc", ".ecdc")]
    [InlineData("cli_ecdc_dac/x.dac", "Python objects")]
    [InlineData("wav_formats/x.wav", "WAV")]
    [InlineData("wav_formats/x.flac", "FLAC")]
    [InlineData("model.th", "PyTorch")]
    public void ReadSingle_OtherFiles_AreNamed(string name, string kind)
    {
        foreach (var stream in (
            Stream[])[Open(File.ReadAllBytes(ToolProcess.Fixture(name))), new Pipe(File.ReadAllBytes(ToolProcess.Fixture(name)))])
        {
            Assert.Contains(
                kind, Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(stream)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html>", "HTML page")]
    [InlineData("\n <HTML>", "HTML page")]
    [InlineData("{\"a\": 1}", "JSON")]
    [InlineData("1.0, 2.0, 3.0\n", "text file")]
    [InlineData("", "empty")]
    [InlineData("\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009", "does not start as a .npy file")]
    public void ReadSingle_OtherText_IsNamed(string text, string kind)
        => Assert.Contains(
            kind, Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open(System.Text.Encoding.Latin1.GetBytes(text)))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Strides_FortranOrder_StartAtTheFirstAxis()
    {
        var array = NpyReader.ReadInt32(Open(NpyFile.Create(NpyFile.Header("|u1", "(2, 3, 4)", fortranOrder: true), new byte[24])));
        Assert.Equal([1, 2, 6], array.Strides);
        Assert.Equal([12, 4, 1], (array with { FortranOrder = false }).Strides);
    }

    [Fact]
    public void ReadSingle_LongerThanItsBuffer_GivesEveryValue()
    {
        var values = Enumerable.Range(0, 200_003).Select(i => (double)i).ToArray();
        var payload = new byte[values.Length * sizeof(double)];
        Buffer.BlockCopy(values, 0, payload, 0, payload.Length);
        var file = NpyFile.Create(NpyFile.Header("<f8", "(200003,)"), payload);
        Assert.Equal(values.Select(value => (float)value), NpyReader.ReadSingle(Open(file)).Values);
        Assert.Equal(values.Select(value => (float)value), NpyReader.ReadSingle(new Pipe(file)).Values);
    }

    [Theory]
    [InlineData("<i8", "0000008000000000")]
    [InlineData("<i8", "FFFFFF7FFFFFFFFF")]
    [InlineData("<u4", "FFFFFFFF")]
    [InlineData("<f4", "00000000")]
    public void ReadInt32_WhatIsNoInt32_IsRefused(string type, string payload)
        => Assert.Throws<InvalidDataException>(() => NpyReader.ReadInt32(Open(NpyFile.Create(NpyFile.Header(type, "(1,)"), Hex(payload)))));

    [Fact]
    public void ReadSingle_Integers_AreRefused()
        => Assert.Throws<InvalidDataException>(
            () => NpyReader.ReadSingle(Open(NpyFile.Create(NpyFile.Header("<i4", "(1,)"), new byte[4]))));

    [Theory]
    [MemberData(nameof(HostileHeaders))]
    public void ReadSingle_HostileHeader_IsRefusedWithoutMemory(string header)
    {
        foreach (var version in (byte[])[1, 2, 3])
        {
            var file = NpyFile.Create(header, new byte[12], version);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open(file)));
            Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(new Pipe(file)));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000);
        }
    }

    [Fact]
    public void ReadSingle_HeaderLengthBeyondTheFile_IsRefused()
    {
        var file = NpyFile.Create(NpyFile.Header("<f4", "(3,)"), new byte[12], version: 2);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), uint.MaxValue);
        Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open(file)));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), 9000);
        Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open(file)));
    }

    [Fact]
    public void ReadSingle_EveryTruncationAndEveryAddition_IsRefused()
    {
        var file = NpyFile.Create(NpyFile.Header("<f4", "(3,)"), new byte[12]);
        Assert.Equal(3, NpyReader.ReadSingle(Open(file)).Values.Length);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open(file[..length])));
            Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(new Pipe(file[..length])));
        }

        Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(Open([.. file, 0])));
        Assert.Throws<InvalidDataException>(() => NpyReader.ReadSingle(new Pipe([.. file, 0])));
    }

    [Fact]
    public void Read_MutatedFiles_GiveAnArrayThatFitsOrInvalidData()
    {
        byte[][] seeds =
        [
            NpyFile.Create(NpyFile.Header("<f4", "(2, 3)"), new byte[24]),
            NpyFile.Create(NpyFile.Header("<i8", "(2, 3)", fortranOrder: true), new byte[48], version: 2),
            NpyFile.Create(NpyFile.Header(">f2", "(6,)"), new byte[12], version: 3),
        ];
        var read = Mutation.Try(seeds, 150_000, file =>
        {
            var single = NpyReader.ReadSingle(Open(file));
            Assert.Equal(single.Values.Length, single.Shape.Aggregate(1, (product, length) => product * length));
        }) + Mutation.Try(seeds, 150_000, file =>
        {
            var codes = NpyReader.ReadInt32(new Pipe(file));
            Assert.Equal(codes.Values.Length, codes.Shape.Aggregate(1, (product, length) => product * length));
        });
        Assert.InRange(read, 1000, 299_000);
    }

    private static MemoryStream Open(byte[] file) => new(file);

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>A stream that cannot seek and gives few bytes at a time.</summary>
    private sealed class Pipe(byte[] file) : MemoryStream(file)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 4093)]);
    }
}
