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
        Assert.Equal(Npy.ReadInt64(Path.Combine(folder, "codes.npy")).Data, MemoryMarshal.Cast<byte, ushort>(codes.Data).ToArray()
            .Select(code => (long)code));

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
    [InlineData("collections", "namedtuple")]
    [InlineData("numpy", "load")]
    public void Read_AnyOtherGlobal_MakesAnObjectThatDoesNothing(string module, string name)
    {
        var made = PickleReader.Read(new PickleBytes().Global(module, name).Text("echo").Raw(0x85).Op('R').Op('.').ToArray());
        Assert.Equal($"{module} {name}", Assert.IsType<PickleObject>(made).Name);
        made = PickleReader.Read(new PickleBytes().Text(module).Text(name).Raw(0x93).Op(')').Raw(0x81).Op('.').ToArray());
        Assert.Equal($"{module} {name}", Assert.IsType<PickleObject>(made).Name);
        var global = PickleReader.Read(new PickleBytes().Text(module).Text(name).Raw(0x93).Op('.').ToArray());
        Assert.Equal($"{module} {name}", Assert.IsType<PickleGlobal>(global).Name);
    }

    [Fact]
    public void Read_ObjectsOfOtherClasses_KeepWhatIsPutIntoThem()
    {
        // A dictionary of a class of its own, an appended element, keyword arguments, and the state; then the object is called.
        var made = Assert.IsType<PickleObject>(PickleReader.Read(new PickleBytes().Global("a", "B").Op(')').Op('}').Raw(0x92)
            .Text("key").Number(1).Op('s').Number(2).Op('a').Op('}').Text("attribute").Number(3).Op('s').Op('b').Op('.').ToArray()));
        Assert.Equal(new KeyValuePair<object?, object?>("key", 1L), Assert.Single(made.Items.Pairs));
        Assert.Equal(2L, Assert.Single(made.Elements));
        Assert.Equal(new KeyValuePair<object?, object?>("attribute", 3L), Assert.Single(made.Attributes!.Pairs));
        Assert.IsType<PickleObject>(
            PickleReader.Read(new PickleBytes().Global("a", "B").Op(')').Op('R').Op(')').Op('R').Op('.').ToArray()));
    }

    [Fact]
    public void Read_AttributesBeforeSlots_AreTheAttributes()
    {
        var made = Assert.IsType<PickleObject>(PickleReader.Read(new PickleBytes().Global("a", "B").Op(')').Raw(0x81)
            .Op('}').Text("a").Number(3).Op('s').Op('}').Raw(0x86).Op('b').Op('.').ToArray()));
        Assert.True(made.Attributes!.TryGet("a", out _));
    }

    [Fact]
    public void Read_OrderedDictWithState_KeepsItsItems()
    {
        // torch's state dicts carry _metadata as attributes.
        var map = Assert.IsType<PickleMap>(PickleReader.Read(new PickleBytes().Global("collections", "OrderedDict").Op(')').Op('R')
            .Text("a").Number(1).Op('s').Op('}').Text("_metadata").Number(2).Op('s').Op('b').Op('.').ToArray()));
        Assert.Equal(new KeyValuePair<object?, object?>("a", 1L), Assert.Single(map.Pairs));
    }

    [Fact]
    public void Read_DictOfItems_KeepsThem()
    {
        var map = Assert.IsType<PickleMap>(
            PickleReader.Read(new PickleBytes().Op('(').Text("a").Number(1).Text("b").Number(2).Op('d').Op('.').ToArray()));
        Assert.Equal(["a", "b"], map.Pairs.Select(pair => pair.Key));

        // Python 2 pickles an OrderedDict as a call with its pairs.
        map = Assert.IsType<PickleMap>(PickleReader.Read(new PickleBytes().Global("collections", "OrderedDict")
            .Op('(').Op('(').Text("a").Number(1).Op('l').Op('(').Text("b").Number(2).Op('l').Op('l').Raw(0x85).Op('R').Op('.').ToArray()));
        Assert.Equal([1L, 2L], map.Pairs.Select(pair => pair.Value));
        Assert.Contains("arguments",
            Refused(new PickleBytes().Global("collections", "OrderedDict").Op('(').Number(1).Op('l').Raw(0x85).Op('R').Op('.').ToArray()),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TensorsThatCannotBeRead_AreNamed()
    {
        Assert.Equal("sparse tensor", Made("_rebuild_sparse_tensor", pickle => pickle.Tuple(1)).Kind);
        var quantized = Made("_rebuild_qtensor", pickle => pickle.Op('(').Storage("QInt8Storage", "0", 6).Number(0).Tuple(2, 3).Op('t'));
        Assert.Equal(("quantized", 6L), (quantized.Kind, quantized.Shape.Aggregate((a, b) => a * b)));
        Assert.Equal("negated or conjugated",
            Made("_rebuild_tensor_v2", pickle => pickle.Op('(').Storage("FloatStorage", "0", 6).Number(0).Tuple(6).Tuple(1)
            .Raw(0x89).Op('}').Op('}').Text("neg").Raw(0x88).Op('s').Op('t')).Kind);

        static PickleUnread Made(string function, Func<PickleBytes, PickleBytes> arguments)
            => Assert.IsType<PickleUnread>(
                PickleReader.Read(arguments(new PickleBytes().Global("torch._utils", function)).Op('R').Op('.').ToArray()));
    }

    [Fact]
    public void Read_TensorOfTypeOverBytes_CountsElements()
    {
        // torch 2 keeps types that have no storage class of their own beside an untyped storage.
        var tensor = Assert.IsType<PickleTensor>(
            PickleReader.Read(new PickleBytes().Global("torch._utils", "_rebuild_tensor_v3").Op('(').Storage("UntypedStorage", "0", 12)
            .Number(1).Tuple(2).Tuple(1).Raw(0x89).Op('}').Global("torch", "bfloat16").Op('t').Op('R').Op('.').ToArray()));
        Assert.Equal((ElementType.BFloat16, 6L, 1L), (tensor.Storage.Type, tensor.Storage.Count, tensor.Offset));
    }

    [Fact]
    public void Read_CopiesOfOneListOverAndOver_AreRefused()
    {
        // A list of 200 pairs is remembered once, then made into a dictionary 200 times: 40,000 pairs out of a few thousand bytes.
        var pickle = new PickleBytes().Op("](");
        for (var i = 0; i < 200; i++)
        {
            pickle.Tuple(i, i);
        }

        pickle.Op('e').Op('q').Raw(0);
        Assert.Equal(200, Assert.IsType<List<object?>>(PickleReader.Read([.. pickle.ToArray(), (byte)'.'])).Count);
        for (var i = 0; i < 200; i++)
        {
            pickle.Global("builtins", "dict").Op('h').Raw(0, 0x85).Op("R0");
        }

        Assert.Contains("more copied values", Refused(pickle.Op('.').ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SubclassOfItself_EndsWell()
    {
        // _rebuild_from_type with itself as the function and the arguments.
        var pickle = new PickleBytes().Global("torch._tensor", "_rebuild_from_type_v2").Op('q').Raw(0).Op(']').Op('q').Raw(1)
            .Op('(').Op('h').Raw(0).Op('N').Op('h').Raw(1).Op('e').Op('R').Op('.').ToArray();
        Assert.Contains("arguments", Refused(pickle), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ArrayOfAnUnreadType_IsPassed()
    {
        var array = new PickleBytes().Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").Raw(0x85).Op('R')
            .Op('(').Number(1).Tuple(1).Global("numpy", "dtype").Text("U10").Raw(0x85).Op('R').Raw(0x89).Op('C').Raw(40).Raw(new byte[40])
                .Op('t').Op('b').Op('.').ToArray();
        Assert.Null(Assert.IsType<PickleArray>(PickleReader.Read(array)).Type);
    }

    // The bytes are numpy 1.24's: pickle.dumps(np.float16(0.25)) and so on.
    [Theory]
    [InlineData("f8", "<", "000000000000F83F", 1.5)]
    [InlineData("f4", "<", "000020C0", -2.5)]
    [InlineData("f2", "<", "0034", 0.25)]
    [InlineData("i8", "<", "F9FFFFFFFFFFFFFF", -7L)]
    [InlineData("i4", "<", "90EEFEFF", -70000L)]
    [InlineData("i2", "<", "D4FE", -300L)]
    [InlineData("i1", "|", "FB", -5L)]
    [InlineData("u1", "|", "C8", 200L)]
    [InlineData("u2", "<", "60EA", 60000L)]
    [InlineData("u4", "<", "00286BEE", 4000000000L)]
    [InlineData("b1", "|", "01", true)]
    [InlineData("b1", "|", "00", false)]
    [InlineData("i4", ">", "00000001", null)] // of another machine
    [InlineData("i4", "<", "0001", null)]
    public void Read_NumpyScalar_IsTheNumber(string type, string order, string bytes, object? expected)
    {
        var made = PickleReader.Read(new PickleBytes().Global("numpy.core.multiarray", "scalar")
            .Global("numpy", "dtype").Text(type).Raw(0x89, 0x88, 0x87).Op('R')
            .Op('(').Number(3).Text(order).Op("NNN").Number(-1).Number(-1).Number(0).Op('t').Op('b')
            .Op('C').Raw((byte)(bytes.Length / 2)).Raw(Convert.FromHexString(bytes)).Raw(0x86).Op('R').Op('.').ToArray());
        Assert.Equal(expected ?? Convert.FromHexString(bytes), made);
    }

    // torch's storage classes and the bytes of their elements.
    [Theory]
    [InlineData("FloatStorage", "F32", 4)]
    [InlineData("HalfStorage", "F16", 2)]
    [InlineData("BFloat16Storage", "BF16", 2)]
    [InlineData("DoubleStorage", "F64", 8)]
    [InlineData("LongStorage", "I64", 8)]
    [InlineData("IntStorage", "I32", 4)]
    [InlineData("ShortStorage", "I16", 2)]
    [InlineData("CharStorage", "I8", 1)]
    [InlineData("ByteStorage", "U8", 1)]
    [InlineData("BoolStorage", "BOOL", 1)]
    [InlineData("ComplexFloatStorage", "C64", 8)]
    [InlineData("ComplexDoubleStorage", "C128", 16)]
    [InlineData("UntypedStorage", "U8", 1)]
    [InlineData("OtherStorage", "OtherStorage", 0)]
    public void Read_StorageOfEveryType_HasItsSize(string storage, string type, int size)
    {
        var made = Assert.IsType<PickleStorage>(PickleReader.Read(new PickleBytes().Storage(storage, "0", 7).Op('.').ToArray()));
        Assert.Equal((type, size, 7L), (made.TypeName, made.ElementSize, made.Count));
    }

    [Fact]
    public void Read_NumberOfHundredsOfBytes_IsRefused()
    {
        var digits = new byte[257];
        digits[^1] = 1;
        Assert.Equal(
            Math.Pow(2, 8 * 255), PickleReader.Read(new PickleBytes().Raw(0x8B, 0, 1, 0, 0).Raw(digits.AsSpan(1)).Op('.').ToArray()));
        Assert.Contains(
            "257 bytes", Refused(new PickleBytes().Raw(0x8B, 1, 1, 0, 0).Raw(digits).Op('.').ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EndlessTensors_AreRefused()
    {
        var pickle = new PickleBytes();
        for (var i = 0; i <= 1 << 16; i++)
        {
            pickle.Global("torch._utils", "_rebuild_sparse_tensor").Op(')').Op('R').Op('0');
        }

        Assert.Contains("65536 tensors", Refused(pickle.Op('N').Op('.').ToArray()), StringComparison.Ordinal);
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
    [InlineData("(X\u0007\0\0\0storageNtQ.", "persistent id")]
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

        Assert.Contains("copied", Refused(pickle.Op('.').ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ListInsideItself_EndsWell()
    {
        var list = Assert.IsType<List<object?>>(
            PickleReader.Read(new PickleBytes().Op(']').Op('q').Raw(0).Op('h').Raw(0).Op('a').Op('.').ToArray()));
        Assert.Same(list, Assert.Single(list));
    }

    [Theory]
    [InlineData("FloatStorage", 64, 4, true)]
    [InlineData("FloatStorage", 65, 4, false)]
    [InlineData("FloatStorage", 1, -1, false)]
    [InlineData("SomeStorage", 1, 4, true)]
    public void Read_PersistentId_IsAStorageOrRefused(string type, int keyLength, long count, bool accepted)
    {
        var pickle = new PickleBytes().Storage(type, new string('7', keyLength), count).Op('.').ToArray();
        if (accepted)
        {
            Assert.Equal(count, Assert.IsType<PickleStorage>(PickleReader.Read(pickle)).Count);
        }
        else
        {
            Assert.Contains("persistent id", Refused(pickle), StringComparison.Ordinal);
        }
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
        Assert.Contains("state", Refused([.. array.ToArray(), (byte)'C', 23, .. new byte[23], (byte)'t', (byte)'b', (byte)'.']),
            StringComparison.Ordinal);
    }

    private static string Refused(byte[] pickle) => Assert.Throws<InvalidDataException>(() => PickleReader.Read(pickle)).Message;
}
