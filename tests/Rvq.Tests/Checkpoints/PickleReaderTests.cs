using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

public sealed class PickleReaderTests
{
    [Fact]
    public void Read_DacFile_GivesItsCodesAndMetadata()
    {
        // A .npy header, then numpy's pickle of a 0-d array that holds the dictionary.
        var folder = TestData.Path("reference/bits-dac-file");
        var file = File.ReadAllBytes(Path.Combine(folder, "file.dac"));
        var start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        var outer = Assert.IsType<PickleArray>(PickleReader.Read(file.AsSpan(start)));
        var content = Assert.IsType<PickleMap>(Assert.Single(outer.Objects));

        Assert.True(content.TryGet("codes", out var value));
        var codes = Assert.IsType<PickleArray>(value);
        Assert.Equal(("<u2", false), (codes.Type!.ToString(), codes.IsFortranOrder));
        Assert.Equal([1, 9, 40], codes.Shape);
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, "codes.npy")).Data, MemoryMarshal.Cast<byte, ushort>(codes.Data).ToArray().Select(code => (long)code));

        Assert.True(content.TryGet("metadata", out value));
        var metadata = Assert.IsType<PickleMap>(value);
        Assert.Equal(44100L, metadata.TryGet("sample_rate", out value) ? value : null);
        Assert.Equal(true, metadata.TryGet("padding", out value) ? value : null);
        Assert.Equal("1.0.0", metadata.TryGet("dac_version", out value) ? value : null);
        Assert.False(metadata.TryGet("nothing", out _));
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("__builtin__", "exec")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor")]
    [InlineData("collections", "namedtuple")]
    [InlineData("numpy", "load")]
    public void Read_AnyOtherGlobal_IsRefusedByName(string module, string name)
    {
        var old = new PickleBytes().Global(module, name).Text("echo").Raw(0x85).Op('R').Op('.').ToArray();
        Assert.Contains($"'{module}.{name}'", Refused(old), StringComparison.Ordinal);
        var stacked = new PickleBytes().Text(module).Text(name).Raw(0x93).Op('.').ToArray();
        Assert.Contains($"'{module}.{name}'", Refused(stacked), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".", "empty stack")]
    [InlineData("", "0 are left")]
    [InlineData("(1.", "empty stack")]
    [InlineData("1.", "mark")]
    [InlineData("u.", "mark")]
    [InlineData("}(Nu.", "key without a value")]
    [InlineData("Na.", "empty stack")]
    [InlineData("NNa.", "no List")]
    [InlineData("(a.", "empty stack")]
    [InlineData("N(a.", "empty stack")]
    [InlineData("h\u0007.", "memo 7")]
    [InlineData("ios\nsystem\n.", "0x69")]
    [InlineData("(os\u0081.", "0x6f|not accepted")]
    [InlineData("P1\n.", "0x50")]
    [InlineData("NQ.", "persistent id")]
    [InlineData("NNb.", "state")]
    [InlineData("N)R.", "no PickleGlobal")]
    [InlineData("cos", "left")]
    public void Read_DamagedPickle_SaysWhatIsWrong(string operations, string reasons)
    {
        var message = Refused([0x80, 2, .. Encoding.Latin1.GetBytes(operations)]);
        Assert.Contains(reasons.Split('|'), reason => message.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_LengthsBeyondThePickle_AreRefusedUnallocated()
    {
        foreach (var (operation, bytes) in new[] { ('X', 4), ('B', 4), ('T', 4), ('\x8b', 4), ('\x8d', 8), ('\x8e', 8), ('\x96', 8) })
        {
            var pickle = new PickleBytes().Op(operation).Raw(Enumerable.Repeat((byte)0x7F, bytes).ToArray()).Op('.').ToArray();
            Assert.Contains("left", Refused(pickle), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_DeepNesting_NeedsNoStack()
    {
        var pickle = new PickleBytes().Op(')');
        for (var i = 0; i < 900_000; i++)
        {
            pickle.Raw(0x85);
        }

        Assert.IsType<List<object?>>(PickleReader.Read(pickle.Op('.').ToArray()));
    }

    [Fact]
    public void Read_EndlessOperations_AreRefused()
    {
        var pickle = new byte[5_000_000];
        pickle.AsSpan().Fill((byte)'N');
        Assert.Contains("operations", Refused([0x80, 2, .. pickle]), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OneTextEncodedAgainAndAgain_IsRefused()
    {
        var pickle = new PickleBytes().Text(new string('x', 1_000_000)).Op('q').Raw(0);
        for (var i = 0; i < 10_000; i++)
        {
            pickle.Global("_codecs", "encode").Op('h').Raw(0).Text("latin1").Raw(0x86).Op('R');
        }

        Assert.Contains("encoded", Refused(pickle.Op('.').ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListInsideItself_EndsWell()
    {
        var list = Assert.IsType<List<object?>>(PickleReader.Read(new PickleBytes().Op(']').Op('q').Raw(0).Op('h').Raw(0).Op('a').Op('.').ToArray()));
        Assert.Same(list, Assert.Single(list));
    }

    [Theory]
    [InlineData(new byte[] { }, 0L)]
    [InlineData(new byte[] { 0xFF }, -1L)]
    [InlineData(new byte[] { 0xFF, 0 }, 255L)]
    [InlineData(new byte[] { 0, 0x80 }, -32768L)]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x80 }, long.MinValue)]
    public void Read_Long_IsTwosComplement(byte[] bytes, long expected)
        => Assert.Equal(expected, PickleReader.Read(new PickleBytes().Raw(0x8A, (byte)bytes.Length).Raw(bytes).Op('.').ToArray()));

    [Fact]
    public void Read_ArrayWhoseBytesDoNotFit_IsRefused()
    {
        var array = new PickleBytes().Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").Raw(0x85).Op('R')
            .Op('(').Number(1).Tuple(2, 3).Global("numpy", "dtype").Text("f4").Raw(0x85).Op('R').Raw(0x89);
        var fitting = (byte[])[.. array.ToArray(), (byte)'C', 24, .. new byte[24], (byte)'t', (byte)'b', (byte)'.'];
        Assert.Equal(24, Assert.IsType<PickleArray>(PickleReader.Read(fitting)).Data.Length);
        Assert.Contains("state", Refused([.. array.ToArray(), (byte)'C', 23, .. new byte[23], (byte)'t', (byte)'b', (byte)'.']), StringComparison.Ordinal);
    }

    private static string Refused(byte[] pickle) => Assert.Throws<InvalidDataException>(() => PickleReader.Read(pickle)).Message;
}
