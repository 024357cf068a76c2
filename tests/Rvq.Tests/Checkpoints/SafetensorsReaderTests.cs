using System.Buffers.Binary;

namespace Rvq.Tests.Checkpoints;

public sealed class SafetensorsReaderTests
{
    private const string Embed = "quantizer.layers.0.codebook.embed";

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F64")]
    public void Read_OtherFloatTypes_ConvertsExactly(string type)
    {
        float[] values = [0, -0f, 1, -2, 0.5f, 1.5f, -0.0078125f, 240, 65280];
        var data = values.SelectMany(value => type switch
        {
            "F16" => BitConverter.GetBytes((Half)value),
            "BF16" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
            _ => BitConverter.GetBytes((double)value),
        }).ToArray();
        var model = ModelAssert.Read(TensorBytes.Safetensors([new TensorBytes(Embed, type, [3, 3], data)]));
        for (var row = 0; row < 3; row++)
        {
            ModelAssert.SameBits(values.AsSpan(row * 3, 3), model.Stages[0].Codebook[row]);
        }
    }

    [Theory]
    [InlineData("I64", 7)]
    [InlineData("BOOL", 2)]
    [InlineData("I16", 3)]
    public void Read_OtherTypeOfAWrongLength_IsRefused(string type, int bytes)
        => Assert.Contains("'beside'", ModelAssert.Refused(TensorBytes.Safetensors(
            [TensorBytes.Random(Embed, 3, 2), new TensorBytes("beside", type, [1], new byte[bytes])])), StringComparison.Ordinal);

    [Fact]
    public void Read_LongHalfTensor_CrossesChunks()
    {
        var values = Enumerable.Range(0, 50_000 * 3).Select(i => (Half)(i % 2000)).ToArray();
        var model = ModelAssert.Read(
            TensorBytes.Safetensors([new TensorBytes(Embed, "F16", [50_000, 3], [.. values.SelectMany(BitConverter.GetBytes)])]));
        for (var row = 0; row < 50_000; row++)
        {
            Assert.Equal((float)values[row * 3], model.Stages[0].Codebook[row][0]);
        }
    }

    [Fact]
    public void Read_TensorsOfOtherTypes_AreTolerated()
    {
        var model = ModelAssert.Read(TensorBytes.Safetensors([
            new TensorBytes("steps", "I64", [], new byte[8]),
            new TensorBytes("mask", "BOOL", [3], new byte[3]),
            new TensorBytes("tiny", "F4", [3], new byte[2]),
            new TensorBytes("empty", "F32", [0, 7], []),
            TensorBytes.Random(Embed, 4, 2)]));
        Assert.Equal(4, model.Stages[0].Codebook.Size);
    }

    [Fact]
    public void Read_CodebookOfIntegers_IsRefusedByName()
        => AssertRefused(TensorBytes.Safetensors([new TensorBytes(Embed, "I32", [1, 1], new byte[4])]), Embed, "I32");

    [Fact]
    public void Read_NotFinite_IsRefusedByName()
        => AssertRefused(TensorBytes.Safetensors([TensorBytes.Single(Embed, [1, 2], 1, float.NaN)]), Embed, "NaN");

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""", "broken")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x""", "broken")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        "in the file twice")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "'dtype'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", "'more'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "must start at")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "must start at")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "must start at")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]}}""", "must start at")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "end at byte 66")]
    [InlineData("""{"a":[[[[[[[[[[[[]]]]]]]]]]]]}""", "broken")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "broken")]
    [InlineData("""{"__metadata__":{"a":"b","a":"c"}}""", "'a'")]
    [InlineData("""{"__metadata__":{"a":1}}""", "broken")]
    [InlineData("""{"__metadata__":7}""", "broken")]
    [InlineData("{}", "end")]
    public void Read_HostileHeader_SaysWhatIsWrong(string header, string reason)
        => AssertRefused(TensorBytes.Safetensors(header, new byte[8]), reason);

    [Fact]
    public void Read_HeaderBeyondTheFile_IsRefused()
    {
        foreach (var length in new[] { 3, 1_000_000, long.MaxValue, -1, long.MinValue })
        {
            var file = TensorBytes.Safetensors("{}");
            BinaryPrimitives.WriteInt64LittleEndian(file, length);
            AssertRefused(file, ((ulong)length).ToString(null as IFormatProvider));
        }
    }

    [Fact]
    public void Read_InvalidUtf8_IsRefused()
    {
        var file = TensorBytes.Safetensors("""{"?":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]);
        file[10] = 0xFF;
        AssertRefused(file, "UTF-8");
    }

    [Fact]
    public void Read_TruncatedAnywhere_IsRefused()
    {
        var file = TensorBytes.Safetensors([TensorBytes.Random(Embed, 3, 2)], """{"format":"pt"}""");
        Assert.Equal(3, ModelAssert.Read(file).Stages[0].Codebook.Size);
        for (var length = 0; length < file.Length; length++)
        {
            ModelAssert.Refused(file[..length]);
        }
    }

    [Fact]
    public void Read_OneByteMore_IsRefused()
        => AssertRefused([.. TensorBytes.Safetensors([TensorBytes.Random(Embed, 3, 2)]), 0], "end");

    [Fact]
    public void Read_SavedModelWithOtherMetadata_IsRefused()
    {
        const string Good = """{"rvq.version":"1","rvq.stages":"1","rvq.metrics":"Euclidean","rvq.strides":"1","rvq.frames_per_block":"1"}""";
        TensorBytes[] tensors = [TensorBytes.Random(Embed, 3, 2)];
        Assert.Equal(1, ModelAssert.Read(TensorBytes.Safetensors(tensors, Good)).CodebookCount);
        foreach (var (from, to) in new[]
        {
            ("\"1\",\"rvq.stages", "\"2\",\"rvq.stages"),
            ("stages\":\"1", "stages\":\"2"),
            ("stages\":\"1", "stages\":\"2147483647"),
            ("stages\":\"1", "stages\":\"1,0"),
            ("stages\":\"1", "stages\":\"x"),
            ("Euclidean", "Manhattan"),
            ("Euclidean", "Euclidean,Cosine"),
            ("strides\":\"1", "strides\":\"0"),
            ("strides\":\"1", "strides\":\"2"),
            ("strides\":\"1", "strides\":\"1,1"),
            ("block\":\"1", "block\":\"0"),
            (",\"rvq.strides\":\"1\"", ""),
            (",\"rvq.frames_per_block\":\"1\"", ""),
            ("\"}", "\",\"rvq.sample_rate\":\"-5\"}"),
        })
        {
            Assert.Contains(from, Good, StringComparison.Ordinal);
            AssertRefused(TensorBytes.Safetensors(tensors, Good.Replace(from, to, StringComparison.Ordinal)), "metadata");
        }
    }

    private static void AssertRefused(byte[] file, params string[] reasons)
    {
        var message = ModelAssert.Refused(file);
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }
}
