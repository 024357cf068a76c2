using System.Buffers.Binary;
using System.IO.Compression;
using Rvq.Tests.Reference;

namespace Rvq.Tests.Checkpoints;

public sealed class TorchZipReaderTests
{
    private const string Embed = "quantizer.vq.layers.0._codebook.embed";

    public static TheoryData<string, string> Models => ReferenceModels.Rows;

    [Theory]
    [MemberData(nameof(Models))]
    public void Read_ReferenceModelAsTorchFile_GivesTheSameCodes(string name, string file)
    {
        var reference = new ReferenceCase(name);
        var path = Path.Combine(reference.Folder, file);
        var expected = RvqModel.Load(path, reference.Options);
        var actual = ModelAssert.Read(TorchBytes.StateDict(TensorBytes.FromSafetensors(path)), reference.Options);
        ModelAssert.Equal(expected, actual);
        Assert.Equal(new Quantizer(expected).Encode(reference.Frames), new Quantizer(actual).Encode(reference.Frames));
    }

    [Fact]
    public void Load_AudiocraftFile_GivesTheCodecsModelAndItsSampleRate()
    {
        var model = RvqModel.Load(FixtureFiles.Path("audiocraft.th"));
        ModelAssert.SameQuantizer(RvqModel.Load(Path.Combine(TestData.Path("reference/encodec-ties"), "model.safetensors")), model);
        Assert.Equal(("EnCodec", 32000), (model.Family, model.SampleRate));
    }

    [Fact]
    public void Read_AudiocraftFileWithARateOfZero_SaysNone()
    {
        var file = File.ReadAllBytes(FixtureFiles.Path("audiocraft.th"));
        var rate = file.AsSpan(file.AsSpan().IndexOf("sample_rate: 32000"u8) + 13, 5);
        rate.Fill((byte)'0');
        Assert.Null(ModelAssert.Read(file).SampleRate);
        "16000"u8.CopyTo(rate);
        Assert.Equal(16000, ModelAssert.Read(file).SampleRate);
    }

    [Fact]
    public void Load_DacFile_GivesTheCodecsModelAndItsRates()
    {
        var model = RvqModel.Load(FixtureFiles.Path("dac.pth"));
        ModelAssert.SameQuantizer(RvqModel.Load(Path.Combine(TestData.Path("reference/dac-ties"), "model.safetensors")), model);
        Assert.Equal(("DAC", 44100, 512), (model.Family, model.SampleRate, model.HopLength));
    }

    [Fact]
    public void Load_ViewsOfOneStorage_AreReadThroughOffsetAndStrides()
        => ModelAssert.Equal(
            RvqModel.Load(Path.Combine(TestData.Path("reference/encodec-ties"), "model.safetensors")),
            RvqModel.Load(FixtureFiles.Path("views.pt")));

    [Fact]
    public void Read_SharedStorage_SharesTheCodebook()
    {
        var pickle = new PickleBytes().Op('}').Op('(');
        for (var layer = 0; layer < 40; layer++)
        {
            pickle.Text($"layers.{layer}._codebook.embed").Tensor("FloatStorage", "0", 4, 0, [1, 2, 2], [4, 2, 1]);
        }

        var model = ModelAssert.Read(TorchBytes.Zip(pickle.Op('u').Op('.').ToArray(), ("data/0", new byte[16])));
        Assert.Equal(40, model.CodebookCount);
        Assert.Same(model.Stages[0].Codebook, model.Stages[39].Codebook);
    }

    [Fact]
    public void Read_OverlappingViews_CannotFillMemory()
    {
        // 20 000 layers of almost the whole storage each: 40 GB out of 2 MB.
        var pickle = new PickleBytes().Op('}').Op('(').Storage("FloatStorage", "0", 500_000).Op('q').Raw(0).Op('0');
        for (var layer = 0; layer < 20_000; layer++)
        {
            pickle.Text($"vq.layers.{layer}._codebook.embed").Global("torch._utils", "_rebuild_tensor_v2")
                .Op('(').Op('h').Raw(0).Number(layer).Tuple(480_000, 1).Tuple(1, 1).Op('t').Op('R');
        }

        Assert.Contains("twice the file", ModelAssert.Refused(
            TorchBytes.Zip(pickle.Op('u').Op('.').ToArray(), ("data/0", new byte[2_000_000]))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 0, new long[] { 2, 3 }, new long[] { 3, 1 })] // more than there is
    [InlineData(4, 3, new long[] { 1, 2 }, new long[] { 2, 1 })] // past the end by its offset
    [InlineData(4, -1, new long[] { 2, 2 }, new long[] { 2, 1 })]
    [InlineData(4, long.MaxValue, new long[] { 2, 2 }, new long[] { 2, 1 })]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { 3, 1 })] // past the end by its strides
    [InlineData(4, 3, new long[] { 2, 2 }, new long[] { -2, 1 })]
    [InlineData(4, 0, new long[] { 2, 2 }, new long[] { long.MaxValue, 1 })]
    [InlineData(4, 0, new long[] { 1L << 30, 1L << 30 }, new long[] { 0, 0 })] // 2^60 elements out of one
    [InlineData(4, 0, new long[] { 1_000_000, 2 }, new long[] { 0, 1 })] // one row a million times
    [InlineData(4, 0, new long[] { 1L << 60, 1L << 60 }, new long[] { 0, 0 })]
    [InlineData(4, 0, new long[] { -2, 2 }, new long[] { 2, 1 })]
    [InlineData(5, 0, new long[] { 2, 2 }, new long[] { 2, 1 })] // a storage of another size than its file
    [InlineData(1L << 61, 0, new long[] { 2, 2 }, new long[] { 2, 1 })]
    public void Read_TensorThatDoesNotFitItsStorage_IsRefusedByName(long count, long offset, long[] shape, long[] strides)
    {
        var pickle = new PickleBytes().Op('}').Op('(').Text(Embed).Tensor("FloatStorage", "0", count, offset, shape, strides).Op('u')
            .Op('.');
        Assert.Contains(Embed, ModelAssert.Refused(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[16]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MissingStorage_IsRefusedByName()
    {
        var pickle = new PickleBytes().Op('}').Op('(').Text(Embed).Tensor("FloatStorage", "9", 4, 0, [2, 2], [2, 1]).Op('u').Op('.');
        var message = ModelAssert.Refused(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[16])));
        Assert.Contains(Embed, message, StringComparison.Ordinal);
        Assert.Contains("data/9", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DictionariesInsideThemselves_EndWell()
    {
        // d = {}; d["self"] = d; d[embed] = tensor; and 60 levels of {"a": x, "b": x}, which a naive walk would visit 2^60 times.
        var pickle = new PickleBytes().Op('}').Op('q').Raw(0).Op('(').Text("self").Op('h').Raw(0)
            .Text(Embed).Tensor(TensorBytes.Random("x", 2, 2), "0").Op('u').Op('q').Raw(1);
        for (var level = 0; level < 60; level++)
        {
            pickle.Op('}').Op('(').Text("a").Op('h').Raw(1).Text("b").Op('h').Raw(1).Op('u').Op('q').Raw(1);
        }

        var looped = pickle.Op('0').ToArray();
        Assert.Contains("0 are left", ModelAssert.Refused(File(looped)), StringComparison.Ordinal); // no end
        // deeper than any checkpoint
        Assert.Contains("no tensors", ModelAssert.Refused(File([.. looped, (byte)'h', 1, (byte)'.'])), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(File([.. looped, (byte)'h', 0, (byte)'.'])).Stages[0].Codebook.Size);

        static byte[] File(byte[] pickle) => TorchBytes.Zip(pickle, ("data/0", new byte[16]));
    }

    [Fact]
    public void Read_CompressedEntries_AreRefused()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("archive/data.pkl", CompressionLevel.SmallestSize).Open();
            entry.Write(new byte[1_000_000]);
        }

        Assert.Contains("compressed", ModelAssert.Refused(stream.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZipWithAComment_IsRead()
    {
        // The end record says how long the comment behind it is.
        var file = TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]);
        file[^2] = 5;
        Assert.Equal(3, ModelAssert.Read([.. file, .. "PK\x5\x6!"u8]).Stages[0].Codebook.Size);
        ModelAssert.Refused([.. file, .. "four"u8]);
    }

    [Fact]
    public void Read_EncryptedEntry_IsRefused()
    {
        var file = TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]);
        file[file.AsSpan().IndexOf("PK\x1\x2"u8) + 8] |= 1;
        Assert.Contains("encrypted", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EntryPastTheDirectory_IsRefused()
    {
        // The last storage's header says a longer name, so that its bytes would end inside the directory.
        var file = TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]);
        file[file.AsSpan().LastIndexOf("PK\x3\x4"u8) + 28]++;
        Assert.Contains("does not end before the directory", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EmptyTensorAtTheEnd_IsNoObstacle()
    {
        var pickle = new PickleBytes().Op('}').Op('(').Text(Embed).Tensor("FloatStorage", "0", 4, 0, [2, 2], [2, 1])
            .Text("empty").Tensor("FloatStorage", "1", 0, 0, [0], [1]).Text("hole").Tensor("FloatStorage", "1", 0, 0, [0, 5], [5, 1])
                .Op('u').Op('.');
        var file = TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[16]), ("data/1", []));
        Assert.Equal(2, ModelAssert.Read(file).Stages[0].Codebook.Size);
        using var checkpoint = Checkpoint.Open(new MemoryStream(file));
        Assert.Empty(checkpoint.Read("hole"));
    }

    [Fact]
    public void Read_ModuleOfAnUnknownCodec_SaysTheLineThatHelps()
    {
        var pickle = new PickleBytes().Global("my.models", "Net").Op(')').Raw(0x81).Op('}').Op('(').Text("_parameters").Op('}')
            .Text("weight").Tensor(TensorBytes.Random("x", 2, 2), "0").Op('s').Op('u').Op('b').Op('.');
        var message = ModelAssert.Refused(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[16])));
        Assert.Contains("torch.save(model.state_dict(), path)", message, StringComparison.Ordinal);
        Assert.Contains("'my.models.Net'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ModulesInsideThemselves_EndWell()
    {
        // a._modules = b, b._modules = a, and a chain of modules that is deeper than any model.
        var pickle = new PickleBytes().Global("m", "A").Op(')').Raw(0x81).Op('q').Raw(0).Op('}').Text("_modules").Op('}').Text("self")
            .Op('h').Raw(0).Op('s').Op('s').Op('b');
        for (var i = 0; i < 50_000; i++)
        {
            pickle.Global("m", "A").Op(')').Raw(0x81).Op('}').Text("_modules");
        }

        for (var i = 0; i < 50_000; i++)
        {
            pickle.Op('h').Raw(0).Op('s').Op('b');
        }

        ModelAssert.Refused(TorchBytes.Zip(pickle.Op('.').ToArray()));
    }

    [Fact]
    public void Read_TwoPyTorchFilesInOneZip_AreRefused()
    {
        var pickle = new PickleBytes().Op('}').Op('.').ToArray();
        Assert.Contains("several", ModelAssert.Refused(TorchBytes.Zip(pickle, ("other/data.pkl", pickle))), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ViewWithEverySecondElement_IsReadInItsOrder()
    {
        // [3, 2] out of a storage of 12 with strides [1, 6] and [4, 2]: transposed with a gap, and every second element.
        var data = Enumerable.Range(0, 12).SelectMany(i => BitConverter.GetBytes((float)i)).ToArray();
        foreach (var (strides, expected) in new[] { (new long[] { 1, 6 }, new float[] { 1, 7, 2, 8, 3, 9 }), ([4, 2], [1, 3, 5, 7, 9, 11]),
            ([0, 5], [1, 6, 1, 6, 1, 6]) })
        {
            var pickle = new PickleBytes().Op('}').Op('(').Text("a").Tensor("FloatStorage", "0", 12, 1, [3, 2], strides).Op('u').Op('.');
            using var checkpoint = Checkpoint.Open(new MemoryStream(TorchBytes.Zip(pickle.ToArray(), ("data/0", data))));
            Assert.Equal(expected, checkpoint.Read("a"));
        }
    }

    [Fact]
    public void Read_StepsOfWholeFilesBetweenElements_CannotReadWithoutEnd()
    {
        // 1,000 rows of two elements that lie almost the whole storage apart: reading each run with its gap would read 400 MB out of 400
        // KB.
        var pickle = new PickleBytes().Op('}').Op('(').Text(Embed)
            .Tensor("FloatStorage", "0", 100_000, 0, [1000, 2], [1, 99_000]).Op('u').Op('.');
        using var narrow = Checkpoint.Open(new MemoryStream(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[400_000]))));
        Assert.Equal(2000, narrow.Read(Embed).Length); // along the axis of the smallest step

        pickle = new PickleBytes().Op('}').Op('(').Text(Embed)
            .Tensor("FloatStorage", "0", 100_000, 0, [30, 30, 100], [1, 30, 999]).Op('u').Op('.');
        using var wide = Checkpoint.Open(new MemoryStream(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[400_000]))));
        Assert.Equal(90_000, wide.Read(Embed).Length);
    }

    [Fact]
    public void Read_ViewOfFourAxesInAnyOrder_IsReadInItsOrder()
    {
        var data = Enumerable.Range(0, 120).SelectMany(i => BitConverter.GetBytes((float)i)).ToArray();
        long[] shape = [2, 3, 4, 5];
        foreach (var strides in new long[][] { [1, 2, 6, 24], [60, 20, 5, 1], [20, 40, 1, 4], [4, 8, 24, 0], [5, 10, 30, 1] })
        {
            var pickle = new PickleBytes().Op('}').Op('(').Text("a").Tensor("FloatStorage", "0", 120, 0, shape, strides).Op('u').Op('.');
            using var checkpoint = Checkpoint.Open(new MemoryStream(TorchBytes.Zip(pickle.ToArray(), ("data/0", data))));
            var expected = from i in Enumerable.Range(0, 2)
                           from j in Enumerable.Range(0, 3)
                           from k in Enumerable.Range(0, 4)
                           from l in Enumerable.Range(0, 5)
                           select (float)((i * strides[0]) + (j * strides[1]) + (k * strides[2]) + (l * strides[3]));
            Assert.Equal(expected, checkpoint.Read("a"));
        }
    }

    [Fact]
    public void Read_EmptyZip_IsNotCutOff()
    {
        byte[] end = [.. "PK\x5\x6"u8, .. new byte[18]];
        Assert.Contains("among its 0", ModelAssert.Refused(end), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NameBeyondAllBounds_IsRefused()
    {
        var pickle = new PickleBytes().Op('}').Op('(');
        pickle.Text(new string('n', 5000)).Op('}').Text("x").Tensor(TensorBytes.Random("x", 2, 2), "0").Op('s').Op('u').Op('.');
        Assert.Contains(
            "more than", ModelAssert.Refused(TorchBytes.Zip(pickle.ToArray(), ("data/0", new byte[16]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ArrayOfObjects_HoldsItsTensors()
    {
        // numpy.array([tensor], dtype=object)
        var pickle = new PickleBytes().Op('}').Op('(').Text("quantizer.vq.layers").Global("numpy.core.multiarray", "_reconstruct")
            .Global("numpy", "ndarray").Raw(0x85).Op('R').Op('(').Number(1).Tuple(1)
            .Global("numpy", "dtype").Text("O8").Raw(0x85).Op('R').Raw(0x89)
            .Op(']').Op('}').Text("_codebook").Op('}').Text("embed").Tensor(TensorBytes.Random("x", 2, 2), "0")
            .Op('s').Op('s').Op('a').Op('t').Op('b').Op('u').Op('.');
        var model = ModelAssert.Read(TorchBytes.Zip(pickle.ToArray(), ("data/0", TensorBytes.Random("x", 2, 2).Data)));
        Assert.Equal(2, model.Stages[0].Codebook.Size);
    }

    [Fact]
    public void Read_LegacyFileOfABigEndianMachine_IsRefused()
    {
        // torch.save before 1.6: magic number, protocol, what the machine is, the object, the storages' keys.
        byte[] file =
        [
            .. new PickleBytes().Raw(0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19).Op('.').ToArray(),
            .. new PickleBytes().Number(1001).Op('.').ToArray(),
            .. new PickleBytes().Op('}').Text("little_endian").Raw(0x89).Op('s').Op('.').ToArray(),
            .. new PickleBytes().Op('}').Op('.').ToArray(), .. new PickleBytes().Op(']').Op('.').ToArray(),
        ];
        Assert.Contains("big-endian", ModelAssert.Refused(file), StringComparison.Ordinal);
        file[file.AsSpan().IndexOf((byte)0x89)] = 0x88;
        Assert.Contains("no tensors", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BigEndianFile_IsRefused()
    {
        var pickle = new PickleBytes().Op('}').Op('.').ToArray();
        Assert.Contains(
            "no tensors", ModelAssert.Refused(TorchBytes.Zip(pickle, ("byteorder", "little"u8.ToArray()))), StringComparison.Ordinal);
        Assert.Contains(
            "big-endian", ModelAssert.Refused(TorchBytes.Zip(pickle, ("byteorder", "big"u8.ToArray()))), StringComparison.Ordinal);
        Assert.Contains("at most 16", ModelAssert.Refused(TorchBytes.Zip(pickle, ("byteorder", new byte[17]))), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZipWithoutPickle_IsRefused()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("word/document.xml");
        }

        Assert.Contains("data.pkl", ModelAssert.Refused(stream.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedAnywhere_IsRefused()
    {
        var file = TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]);
        for (var length = 0; length < file.Length; length++)
        {
            ModelAssert.Refused(file[..length]);
        }
    }

    [Fact]
    public void Read_Zip64_IsReadAndItsLiesRefused()
    {
        var file = WithZip64(TorchBytes.StateDict([TensorBytes.Random(Embed, 3, 2)]), out var fields);
        Assert.Equal(3, ModelAssert.Read(file).Stages[0].Codebook.Size);
        foreach (var field in fields)
        {
            foreach (var lie in new[] { -1, -16, long.MaxValue, long.MinValue, file.Length, 1L << 62 })
            {
                var lying = (byte[])file.Clone();
                BinaryPrimitives.WriteInt64LittleEndian(lying.AsSpan(field), lie);
                ModelAssert.Refused(lying);
            }
        }

        // No entries in a directory of less than no bytes.
        var empty = (byte[])file.Clone();
        BinaryPrimitives.WriteInt64LittleEndian(empty.AsSpan(fields[^4]), 0);
        BinaryPrimitives.WriteInt64LittleEndian(empty.AsSpan(fields[^3]), -1);
        Assert.Contains("claims 0 entries in -1 bytes", ModelAssert.Refused(empty), StringComparison.Ordinal);

        // The last number is the place of the end record, which is longer than ten bytes.
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(fields[^1]), file.Length - 10);
        Assert.Contains($"at byte {file.Length - 10} of a file of {file.Length}", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_StorageOfATypeThatIsNotRead_IsHeldToItsBytesAllTheSame()
    {
        var embed = TensorBytes.Random(Embed, 3, 2);
        Assert.Equal(3, ModelAssert.Read(TorchBytes.StateDict([embed, new("flag", "BOOL", [2], new byte[2])])).Stages[0].Codebook.Size);
        Assert.Contains("'flag'", ModelAssert.Refused(TorchBytes.StateDict([embed, new("flag", "BOOL", [2], new byte[1])])),
            StringComparison.Ordinal);
    }

    // Objects inside objects, by their attributes or as modules: those of a deeper nesting than any model's are left out.
    [Theory]
    [InlineData(false, 40, true)]
    [InlineData(false, 60, false)]
    [InlineData(true, 20, true)]
    [InlineData(true, 30, false)]
    public void Read_ObjectsInsideObjects_AreReadToADepth(bool modules, int levels, bool found)
    {
        var pickle = new PickleBytes();
        for (var level = 0; level < levels; level++)
        {
            pickle.Global("m", "A").Op(')').Raw(0x81).Op('}');
            if (modules)
            {
                pickle.Text("_modules").Op('}');
            }

            pickle.Text("a");
        }

        pickle.Tensor(TensorBytes.Random(Embed, 3, 2), "0");
        for (var level = 0; level < levels; level++)
        {
            pickle.Op(modules ? "ssb" : "sb");
        }

        using var checkpoint = Checkpoint.Open(new MemoryStream(TorchBytes.Zip(pickle.Op('.').ToArray(), ("data/0", new byte[24]))));
        Assert.Equal(found, checkpoint.Tensors.Count > 0);
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, (byte)'}', (byte)'.' }, "bare Python pickle")]
    [InlineData(new byte[] { }, "empty")]
    [InlineData(new byte[] { 0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A }, "HDF5")]
    [InlineData(new byte[] { 0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0 }, "Zstandard")]
    [InlineData(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0 }, "xz")]
    [InlineData(new byte[] { 0x42, 0x5A, 0x68, 0x39 }, "bzip2")]
    [InlineData(new byte[] { 0x67, 0x67, 0x6D, 0x6C, 1, 0, 0, 0 }, "GGML")]
    [InlineData(new byte[] { 0x52, 0x49, 0x46, 0x46, 1, 0, 0, 0 }, "RIFF")]
    [InlineData(new byte[] { 0x46, 0x55, 0x47, 0x47, 3, 0, 0, 0 }, "big-endian GGUF")]
    [InlineData(new byte[] { 0x52, 0x56, 0x51, 0x1A, 1, 0, 0, 0 }, "RvqReader")]
    [InlineData(new byte[] { 0x1C, 0, 0, 0, 0x54, 0x46, 0x4C, 0x33 }, "TFLite")]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, "of no kind that is known")]
    [InlineData(new byte[] { (byte)' ', (byte)'\n' }, "of no kind that is known")]
    [InlineData(new byte[] { (byte)'a' }, "is text")]
    public void Read_OtherFormats_AreNamed(byte[] file, string reason)
        => Assert.Contains(reason, ModelAssert.Refused(file), StringComparison.Ordinal);

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer")]
    [InlineData("<!DOCTYPE html><html><head>", "HTML")]
    [InlineData("  <html lang=en>", "HTML")]
    [InlineData("\uFEFF{\"a\": 1}", "JSON")]
    [InlineData("Repository not found, sorry", "text")]
    public void Read_Texts_AreNamed(string text, string reason)
    {
        var message = ModelAssert.Refused(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Adds the zip64 records that torch.save writes, with the 64-bit field of every entry in its extra field; gives the offsets of all
    /// 64-bit numbers.
    /// </summary>
    private static byte[] WithZip64(byte[] zip, out List<int> fields)
    {
        var end = zip.Length - 22;
        var start = BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(end + 16));
        var count = BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(end + 10));
        var file = new List<byte>(zip[..start]);
        fields = [];
        for (var (at, i) = (start, 0); i < count; i++)
        {
            var name = BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 28));
            var entry = zip[at..(at + 46 + name)];
            var extra = new byte[28];
            BinaryPrimitives.WriteInt16LittleEndian(extra, 1);
            BinaryPrimitives.WriteInt16LittleEndian(extra.AsSpan(2), 24);
            foreach (var (from, to) in new[] { (24, 4), (20, 12), (42, 20) })
            {
                BinaryPrimitives.WriteInt64LittleEndian(extra.AsSpan(to), BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(from)));
                BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(from), uint.MaxValue);
                fields.Add(file.Count + entry.Length + to);
            }

            BinaryPrimitives.WriteInt16LittleEndian(entry.AsSpan(30), 28);
            at += 46 + name + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 30));
            file.AddRange(entry);
            file.AddRange(extra);
        }

        var end64 = new byte[56 + 20];
        "PK\x6\x6"u8.CopyTo(end64);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(32), count);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(40), file.Count - start);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(48), start);
        "PK\x6\x7"u8.CopyTo(end64.AsSpan(56));
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(64), file.Count);
        fields.AddRange([file.Count + 32, file.Count + 40, file.Count + 48, file.Count + 64]);
        file.AddRange(end64);
        var last = zip[end..];
        last.AsSpan(8, 12).Fill(0xFF);
        file.AddRange(last);
        return [.. file];
    }
}
