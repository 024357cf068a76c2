using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

/// <summary>The containers beside safetensors and PyTorch's: the same tensors in each give the same model.</summary>
public sealed class ContainerTests
{
    private const string Embed = "quantizer.layers.0.codebook.embed";

    private static readonly TensorBytes Codebook = TensorBytes.Single(Embed, [3, 2], 1, 2, 3, 4, 5, 6);
    private static readonly TensorBytes Second = TensorBytes.Single("quantizer.layers.1.codebook.embed", [2, 2], -1, 0, 7, 8);

    [Theory]
    [InlineData("gguf_mimi/mimi.gguf", "Mimi", 1)]
    [InlineData("onnx_encodec/encoder.onnx", "EnCodec", 4)]
    [InlineData("torchscript_archive/codec.pt", "EnCodec", 2)]
    [InlineData("gpt_sovits_v2pro_head/model.pth", "EnCodec", 1)]
    public void Load_Container_IsRead(string file, string family, int codebooks)
    {
        var model = RvqModel.Load(TestData.Path($"checkpoints/{file}"));
        Assert.Equal((family, codebooks), (model.Family, model.CodebookCount));
    }

    [Fact]
    public void Read_Gguf_GivesTheTensorsAndMetadata()
    {
        foreach (var alignment in new[] { 32, 64, 1 })
        {
            var file = ContainerBytes.Gguf([Codebook, Second], alignment);
            AssertCodebooks(ModelAssert.Read(file));
            var metadata = CheckpointReader.Open(new MemoryStream(file)).Metadata;
            Assert.Equal(("a codec", "8,-5,4", false), (metadata["general.name"], metadata["list"], metadata.ContainsKey("float")));
        }
    }

    [Fact]
    public void Read_GgufTypes_AreReadOrNamed()
    {
        Assert.Equal(6, ModelAssert.Read(ContainerBytes.Gguf(
            [Codebook with { Type = "F16", Data = ContainerBytes.Halves(1, 2, 3, 4, 5, 6) }])).Stages[0].Codebook[2][1]);
        Assert.Contains("Q8_0", ModelAssert.Refused(ContainerBytes.Gguf([Codebook with { Type = "Q8_0" }])), StringComparison.Ordinal);
        Assert.Contains(
            "quantized type 99", ModelAssert.Refused(ContainerBytes.Gguf([Codebook with { Type = "Q?" }])), StringComparison.Ordinal);
        Assert.Contains("3 parts", ModelAssert.Refused(ContainerBytes.Gguf([Codebook], key: "split.count")), StringComparison.Ordinal);
        Assert.Contains(
            "do not fit", ModelAssert.Refused(ContainerBytes.Gguf([Codebook with { Shape = [4, 2] }])), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OnnxInitializersAndConstants_GiveTheTensors()
    {
        byte[] constant = [.. ContainerBytes.Field(2, Encoding.UTF8.GetBytes(Second.Name)), .. ContainerBytes.Field(4, "Constant"u8),
            .. ContainerBytes.Field(5, [.. ContainerBytes.Field(1, "value"u8),
                .. ContainerBytes.Field(5, ContainerBytes.OnnxTensor(Second with { Name = "unused" }))])];
        var file = ContainerBytes.Onnx([ContainerBytes.OnnxTensor(Codebook)], constant, [.. ContainerBytes.Field(4, "Relu"u8)]);
        AssertCodebooks(ModelAssert.Read(file));
        Assert.Equal("value", CheckpointReader.Open(new MemoryStream(file)).Metadata["key"]);
    }

    [Theory]
    [InlineData("F32", 4)]
    [InlineData("F64", 10)]
    [InlineData("F16", 5)]
    [InlineData("BF16", 5)]
    public void Read_OnnxListsOfElements_AreRead(string type, int field)
    {
        float[] values = [1, 2, 3, 4, 5, 6];
        byte[] list = type switch
        {
            "F32" => Codebook.Data,
            "F64" => MemoryMarshal.AsBytes<double>(Array.ConvertAll(values, value => (double)value)).ToArray(),
            "F16" => [.. values.SelectMany(value => ContainerBytes.Varint(BitConverter.HalfToUInt16Bits((Half)value)))],
            _ => [.. values.SelectMany(value => ContainerBytes.Varint(BitConverter.SingleToUInt32Bits(value) >> 16))],
        };
        byte[] tensor = [.. ContainerBytes.OnnxHead(Codebook with { Type = type }), .. ContainerBytes.Field(field, list),
            .. ContainerBytes.Field(8, Encoding.UTF8.GetBytes(Embed))];
        var model = ModelAssert.Read(ContainerBytes.Onnx([tensor, ContainerBytes.OnnxTensor(Second)]));
        AssertCodebooks(model);
        Assert.Contains("elements", ModelAssert.Refused(ContainerBytes.Onnx([ContainerBytes.OnnxHead(Codebook with { Type = type })])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OnnxSizesInOneField_AreRead()
    {
        byte[] tensor = [.. ContainerBytes.Field(1, 3, 2), .. ContainerBytes.Field(2, 1ul), .. ContainerBytes.Field(9, Codebook.Data),
            .. ContainerBytes.Field(8, Encoding.UTF8.GetBytes(Embed))];
        AssertCodebooks(ModelAssert.Read(ContainerBytes.Onnx([tensor, ContainerBytes.OnnxTensor(Second)])));
    }

    [Fact]
    public void Read_OnnxElementsInAnotherFile_NamesIt()
    {
        byte[] tensor = [.. ContainerBytes.OnnxHead(Codebook), .. ContainerBytes.Field(8, Encoding.UTF8.GetBytes(Embed)),
            .. ContainerBytes.Field(13, [.. ContainerBytes.Field(1, "location"u8), .. ContainerBytes.Field(2, "weights.data"u8)]),
            .. ContainerBytes.Field(14, 1ul)];
        Assert.Contains("'weights.data'", ModelAssert.Refused(ContainerBytes.Onnx([tensor])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Read_Npz_GivesTheTensors(CompressionLevel compression)
        => AssertCodebooks(ModelAssert.Read(ContainerBytes.Npz(
            compression, (Codebook.Name, ContainerBytes.Npy("<f4", "(3, 2)", Codebook.Data)),
            (Second.Name, ContainerBytes.Npy("<f4", "(2L, 2L)", Second.Data)))));

    [Fact]
    public void Read_NpzThatGrowsWithoutEnd_IsRefused()
    {
        // Fifty megabytes of zeros in fifty kilobytes.
        var bomb = ContainerBytes.Npz(CompressionLevel.Optimal, ("a", new byte[50_000_000]));
        Assert.Contains("at most", ModelAssert.Refused(bomb), StringComparison.Ordinal);
        Assert.Contains("longer than", ModelAssert.Refused(ContainerBytes.Gzip(new byte[50_000_000])), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Npy_IsACodebookIfTheCallerSaysSo()
    {
        var file = File.ReadAllBytes(TestData.Path("checkpoints/npy_codebook_semanticodec/codebook.npy"));
        var message = ModelAssert.Refused(file);
        Assert.Contains("BareCodebooks", message, StringComparison.Ordinal);
        Assert.Contains("[32, 8]", message, StringComparison.Ordinal);
        var model = ModelAssert.Read(file, new LoadOptions { BareCodebooks = true });
        Assert.Equal((1, 32, 8), (model.CodebookCount, model.Stages[0].Codebook.Size, model.Dimensions));
        Assert.Equal(MemoryMarshal.Cast<byte, float>(file.AsSpan(128)).ToArray()[8..16], model.Stages[0].Codebook[1].ToArray());
    }

    [Fact]
    public void Read_ManyBareArrays_ShowsFive()
    {
        var array = ContainerBytes.Npy("<f4", "(3, 2)", Codebook.Data);
        var message = ModelAssert.Refused(
            ContainerBytes.Npz(CompressionLevel.NoCompression, [.. Enumerable.Range(0, 7).Select(i => ($"arr_{i}", array))]));
        Assert.Contains("'arr_4'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("'arr_5'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DeflatedEntryBehindTheDirectory_NamesItsPlace()
    {
        var file = ContainerBytes.Npz(CompressionLevel.Optimal, (Codebook.Name, ContainerBytes.Npy("<f4", "(3, 2)", Codebook.Data)));
        var directory = BitConverter.ToInt32(file, file.Length - 6);
        BitConverter.TryWriteBytes(file.AsSpan(directory + 42), directory - 20); // of a header of thirty bytes
        Assert.Contains($"at byte {directory - 20} has", ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TarWithRubbishBehindItsEnd_IsRead()
    {
        var file = TensorBytes.Safetensors([Codebook, Second]);
        AssertCodebooks(ModelAssert.Read([.. ContainerBytes.Tar(("model.safetensors", file)), .. Enumerable.Repeat((byte)0xFF, 512)]));
    }

    [Fact]
    public void Read_BareArrays_AreTakenInTheOrderOfTheirNumbers()
    {
        var says = new LoadOptions { BareCodebooks = true };
        byte[] Array(params ReadOnlySpan<float> values)
            => ContainerBytes.Npy("<f4", $"({values.Length / 2}, 2)", MemoryMarshal.AsBytes(values).ToArray());
        var eleven = Enumerable.Range(0, 11).Reverse().Select(i => ($"arr_{i}", Array(i, i))).ToArray();
        var model = ModelAssert.Read(ContainerBytes.Npz(CompressionLevel.NoCompression, eleven), says);
        Assert.Equal(Enumerable.Range(0, 11), model.Stages.ToArray().Select(stage => (int)stage.Codebook[0][0]));

        var named = ContainerBytes.Npz(CompressionLevel.NoCompression, ("mean", Array(9, 9)), ("codebook", Array(1, 2, 3, 4)));
        Assert.Contains("Prefix", ModelAssert.Refused(named, says), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(named, says with { Prefix = "codebook" }).Stages[0].Codebook.Size);
        Assert.Contains("gap", ModelAssert.Refused(ContainerBytes.Npz(
            CompressionLevel.NoCompression, ("arr_0", Array(9, 9)), ("arr_2", Array(9, 9))), says), StringComparison.Ordinal);
        Assert.Contains("[6]", ModelAssert.Refused(ContainerBytes.Npy("<f4", "(6,)", Codebook.Data), says), StringComparison.Ordinal);
        Assert.Equal(3, ModelAssert.Read(ContainerBytes.Npy("<f4", "(3, 1, 2)", Codebook.Data), says).CodebookCount);
    }

    [Fact]
    public void Read_NpyOfOtherFloats_IsRead()
    {
        var says = new LoadOptions { BareCodebooks = true };
        float[] values = [1, 2, 3, 4, 5, 6];
        var doubles = MemoryMarshal.AsBytes<double>(Array.ConvertAll(values, value => (double)value)).ToArray();
        Assert.Equal(6, ModelAssert.Read(ContainerBytes.Npy("<f8", "(3, 2)", doubles), says).Stages[0].Codebook[2][1]);
        Assert.Equal(
            6, ModelAssert.Read(ContainerBytes.Npy("<f2", "(3, 2)", ContainerBytes.Halves(values)), says).Stages[0].Codebook[2][1]);
    }

    [Fact]
    public void Read_TensorsOfManyDimensions_AreRefused()
    {
        Assert.Contains("of 100 dimensions", ModelAssert.Refused(ContainerBytes.Gguf(
            [Codebook with { Shape = [.. Enumerable.Repeat(1L, 100)] }])), StringComparison.Ordinal);
        var shape = $"({string.Join(", ", Enumerable.Repeat(1, 100))})";
        Assert.Contains("not understood", ModelAssert.Refused(
            ContainerBytes.Npy("<f4", shape, new byte[4]), new LoadOptions { BareCodebooks = true }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_GgufListOfALengthThatLies_IsRefused()
    {
        foreach (var lie in new[] { -1L, long.MinValue, 1 << 30, long.MaxValue })
        {
            var file = ContainerBytes.Gguf([Codebook]);
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(file.AsSpan().IndexOf("list"u8) + 12), lie);
            Assert.Contains($"a list of {lie} values", ModelAssert.Refused(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_ContainersInsideContainers_AreOpenedThreeDeep()
    {
        var file = TensorBytes.Safetensors([Codebook, Second]);
        for (var depth = 1; depth <= 4; depth++)
        {
            file = ContainerBytes.Gzip(file);
            if (depth <= 3)
            {
                AssertCodebooks(ModelAssert.Read(file));
            }
            else
            {
                Assert.Contains("too deep", ModelAssert.Refused(file), StringComparison.Ordinal);
            }
        }

        var tar = ContainerBytes.Gzip(ContainerBytes.Gzip(ContainerBytes.Tar(("a.ckpt", TorchBytes.StateDict([Codebook, Second])))));
        AssertCodebooks(ModelAssert.Read(tar));
        ModelAssert.Refused(ContainerBytes.Gzip(tar));
    }

    [Fact]
    public void Read_NpyInFortranOrder_IsTurned()
    {
        var model = ModelAssert.Read(
            ContainerBytes.Npy("<f4", "(3, 2)", Codebook.Data, fortran: true), new LoadOptions { BareCodebooks = true });
        Assert.Equal([2f, 5f], model.Stages[0].Codebook[1].ToArray());
    }

    [Theory]
    [InlineData("|O", "(3, 2)", "'|O'")]
    [InlineData(">f4", "(3, 2)", ">f4")]
    [InlineData("<f4", "(4, 2)", "8 elements")]
    [InlineData("<f4", "(3, x)", "not understood")]
    public void Read_NpyThatCannotBeRead_SaysWhy(string type, string shape, string reason)
        => Assert.Contains(reason, ModelAssert.Refused(
            ContainerBytes.Npy(type, shape, Codebook.Data), new LoadOptions { BareCodebooks = true }), StringComparison.Ordinal);

    [Fact]
    public void Read_TarAndGzip_AreOpened()
    {
        var torch = TorchBytes.StateDict([Codebook, Second]);
        var tar = ContainerBytes.Tar(("./model_config.yaml", "sample_rate: 22050\n"u8.ToArray()), ("./model_weights.ckpt", torch));
        AssertCodebooks(ModelAssert.Read(tar));
        AssertCodebooks(ModelAssert.Read(ContainerBytes.Gzip(tar)));
        AssertCodebooks(ModelAssert.Read(ContainerBytes.Gzip(TensorBytes.Safetensors([Codebook, Second]))));
        Assert.Equal("sample_rate: 22050\n", CheckpointReader.Open(new MemoryStream(tar)).Metadata["model_config.yaml"]);
        Assert.Contains(
            "2 checkpoints", ModelAssert.Refused(ContainerBytes.Tar(("a.ckpt", torch), ("b.pt", torch))), StringComparison.Ordinal);
        Assert.Contains("0 checkpoints", ModelAssert.Refused(ContainerBytes.Tar(("a.txt", torch))), StringComparison.Ordinal);
        var nested = tar;
        for (var i = 0; i < 5; i++)
        {
            nested = ContainerBytes.Gzip(nested);
        }

        ModelAssert.Refused(nested);
    }

    [Fact]
    public void Read_TarEntryWithALongSize_IsRead()
    {
        // Sizes of 8 GB and more have no room in eleven octal digits: GNU tar writes them in base 256 behind a byte 0x80.
        var torch = TorchBytes.StateDict([Codebook, Second]);
        var tar = ContainerBytes.Tar(("./model_weights.ckpt", torch));
        tar.AsSpan(124, 12).Clear();
        tar[124] = 0x80;
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(tar.AsSpan(132), torch.Length);
        AssertCodebooks(ModelAssert.Read(tar));
        tar[128] = 0x80;
        ModelAssert.Refused(tar);
    }

    [Theory]
    [InlineData(2, "U8")]
    [InlineData(3, "I8")]
    [InlineData(6, "I32")]
    [InlineData(7, "I64")]
    [InlineData(9, "BOOL")]
    [InlineData(12, "ONNX type 12")]
    public void Read_OnnxTensorOfAnotherType_IsNamed(int type, string name)
    {
        byte[] tensor = [.. ContainerBytes.Field(1, 3ul), .. ContainerBytes.Field(1, 2ul), .. ContainerBytes.Field(2, (ulong)type),
            .. ContainerBytes.Field(8, Encoding.UTF8.GetBytes(Embed)), .. ContainerBytes.Field(9, new byte[48])];
        var file = ContainerBytes.Onnx([tensor]);
        using var checkpoint = Checkpoint.Open(new MemoryStream(file));
        Assert.Equal((name, "[3, 2]"), (checkpoint.Tensors[0].ElementType, $"[{string.Join(", ", checkpoint.Tensors[0].Shape)}]"));
        Assert.Contains(name, ModelAssert.Refused(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OnnxTensorThatLies_IsRefused()
    {
        byte[] Head(int rank)
            => [.. Enumerable.Range(0, rank).SelectMany(_ => ContainerBytes.Field(1, 1ul)), .. ContainerBytes.Field(2, 10ul),
            .. ContainerBytes.Field(8, Encoding.UTF8.GetBytes(Embed))];
        Assert.Contains("dimensions", ModelAssert.Refused(ContainerBytes.Onnx([Head(1000)])), StringComparison.Ordinal);
        Assert.Contains("1 elements in 0 bytes", ModelAssert.Refused(ContainerBytes.Onnx([[.. Head(2), .. ContainerBytes.Field(5, [])]])),
            StringComparison.Ordinal);
        Assert.Contains("more than its 1", ModelAssert.Refused(ContainerBytes.Onnx([[.. Head(2), .. ContainerBytes.Field(5, [1, 2])]])),
            StringComparison.Ordinal);
        byte[] endless = ContainerBytes.Field(5, [.. Enumerable.Repeat((byte)0xFF, 11)]);
        Assert.Contains(
            "more than ten bytes", ModelAssert.Refused(ContainerBytes.Onnx([[.. Head(2), .. endless]])), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryContainerCutAnywhere_IsRefused()
    {
        foreach (var file in new[]
        {
            ContainerBytes.Gguf([Codebook]), ContainerBytes.Onnx([ContainerBytes.OnnxTensor(Codebook)])[..^20],
            ContainerBytes.Npz(CompressionLevel.Optimal, (Embed, ContainerBytes.Npy("<f4", "(3, 2)", Codebook.Data))),
            ContainerBytes.Tar(("a.ckpt", TorchBytes.StateDict([Codebook])))[..^1536],
        })
        {
            for (var length = 0; length < file.Length - 24; length++)
            {
                ModelAssert.Refused(file[..length], new LoadOptions { BareCodebooks = true });
            }
        }
    }

    [Fact]
    public void Read_LegacyFileWithAnEmptyStorage_IsRead()
    {
        // Magic number, protocol 1001, a machine's description, the tensors, the storages' keys, and each storage's length and values.
        byte[] magic = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];
        byte[] tensors = new PickleBytes().Op("}(").Text("nothing").Tensor(TensorBytes.Single("nothing", [0]), "0")
            .Text(Embed).Tensor(Codebook, "1").Op("u.").ToArray();
        byte[] file =
        [
            .. magic, 0x80, 2, (byte)'M', 0xE9, 3, (byte)'.', .. new PickleBytes().Op("}.").ToArray(), .. tensors,
            .. new PickleBytes().Op("](").Text("0").Text("1").Op("e.").ToArray(),
            .. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(6L), .. Codebook.Data,
        ];
        using var checkpoint = Checkpoint.Open(new MemoryStream(file));
        Assert.Equal("PyTorch (before 1.6)", checkpoint.Format);
        Assert.Equal([1f, 2, 3, 4, 5, 6], checkpoint.Read(Embed));
        Assert.Equal("'nothing' F32 [0]", checkpoint.Tensors[0].ToString());
    }

    [Fact]
    public void Read_LegacyFileCutAnywhere_IsRefused()
    {
        var file = File.ReadAllBytes(TestData.Path("files/legacy_torch/legacy.th"));
        for (var length = 0; length < file.Length; length += 7)
        {
            ModelAssert.Refused(file[..length]);
        }
    }

    [Fact]
    public void Load_LyrasFile_GivesLyrasCodes()
    {
        var model = RvqModel.Load(TestData.Path("lyra/quantizer.tflite"));
        Assert.Equal(("Lyra", 46, 16, 64, 16000, 320),
            (model.Family, model.CodebookCount, model.Stages[0].Codebook.Size, model.Dimensions, model.SampleRate, model.HopLength));
        var frames = Npy.ReadSingle(TestData.Path("lyra/features_sample2.npy")).Data;
        Assert.Equal(Npy.ReadInt64(TestData.Path("lyra/codes_sample2.npy")).Data, new Quantizer(model).Encode(frames)
            .Select(code => (long)code));
        ModelAssert.SameQuantizer(RvqModel.Load(TestData.Path("lyra/codebooks.safetensors")), model);
    }

    private static void AssertCodebooks(RvqModel model)
    {
        Assert.Equal(2, model.CodebookCount);
        Assert.Equal([5f, 6f], model.Stages[0].Codebook[2].ToArray());
        Assert.Equal([7f, 8f], model.Stages[1].Codebook[1].ToArray());
    }
}
