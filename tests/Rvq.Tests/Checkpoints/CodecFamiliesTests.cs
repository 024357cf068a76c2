using System.Text;
using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

/// <summary>
/// The codecs' names and sizes beyond the reference cases: prefixes, rates, published shapes, single codebooks, and what is refused.
/// </summary>
public sealed class CodecFamiliesTests
{
    [Theory]
    [InlineData("encodec-small/model.safetensors", "model.")]
    [InlineData("encodec-small/model-hf.safetensors", "audio_encoder.")]
    [InlineData("encodec-small/model-hf.safetensors", "model.audio_encoder.")]
    [InlineData("dac-small/model.safetensors", "audio_encoder.model.")]
    [InlineData("dac-small/model-hf.safetensors", "audio_encoder.model.")]
    [InlineData("mimi-small/model.safetensors", "mimi.")]
    [InlineData("mimi-small/model-hf.safetensors", "audio_encoder.")]
    [InlineData("vqp-euclidean-small/model.safetensors", "rq.")]
    [InlineData("vqp-euclidean-small/model.safetensors", "vq.")]
    [InlineData("vqp-grouped-small/model.safetensors", "rq.")]
    [InlineData("vqp-projected-small/model.safetensors", "bottleneck.rvq.")]
    public void Load_AnyPrefix_GivesTheSameModel(string file, string prefix)
    {
        var path = TestData.Path($"reference/{file}");
        var tensors = TensorBytes.FromSafetensors(path).Select(tensor => tensor.Renamed(name => prefix + name))
            .Prepend(TensorBytes.Random("encoder.conv.weight", 3, 3));
        ModelAssert.Equal(RvqModel.Load(path), ModelAssert.Read(TensorBytes.Safetensors(tensors)));
    }

    [Theory]
    [InlineData("embedding_sum", "cluster_usage", "embed_avg", "cluster_size")]
    [InlineData("embedding_sum", "cluster_usage", "embed_sum", "cluster_usage")]
    public void Load_MimisOldNames_GiveTheSameModel(string sum, string usage, string oldSum, string oldUsage)
    {
        var path = TestData.Path("reference/mimi-small/model.safetensors");
        var tensors = TensorBytes.FromSafetensors(path).Select(tensor => tensor.Renamed(name =>
            name.Replace(sum, oldSum, StringComparison.Ordinal).Replace(usage, oldUsage, StringComparison.Ordinal)));
        ModelAssert.Equal(RvqModel.Load(path), ModelAssert.Read(TensorBytes.Safetensors(tensors)));
    }

    [Fact]
    public void Load_Mimi_DividesSumsByUsageAsTheCodecDoes()
    {
        var (expected, _) = Npy.ReadSingle(TestData.Path("reference/mimi-small/embedding_first.npy"));
        var codebook = RvqModel.Load(TestData.Path("reference/mimi-small/model.safetensors")).Stages[0].Codebook;
        for (var code = 0; code < codebook.Size; code++)
        {
            ModelAssert.SameBits(expected.AsSpan(code * codebook.Dimensions, codebook.Dimensions), codebook[code]);
        }
    }

    [Theory]
    [InlineData("weight_g", "weight_v")]
    [InlineData("parametrizations.weight.original0", "parametrizations.weight.original1")]
    public void Load_WeightNorm_IsFoldedInBinary64AndRoundedOnce(string gain, string direction)
    {
        float[] v = [0.1f, -0.7f, 0.3f, 2, 1e-3f, -5];
        float[] g = [1.7f, -0.25f];
        var model = ModelAssert.Read(TensorBytes.Safetensors([
            TensorBytes.Random("quantizer.quantizers.0.codebook.weight", 4, 2),
            TensorBytes.Single($"quantizer.quantizers.0.in_proj.{gain}", [2, 1, 1], g),
            TensorBytes.Single($"quantizer.quantizers.0.in_proj.{direction}", [2, 3, 1], v),
            TensorBytes.Random("quantizer.quantizers.0.out_proj.weight", 3, 2)]));
        var folded = Enumerable.Range(0, 6).Select(i =>
            (float)((double)v[i] * g[i / 3] / Math.Sqrt(v.Skip(i / 3 * 3).Take(3).Sum(value => (double)value * value)))).ToArray();
        ModelAssert.SameBits(folded, model.Stages[0].InputProjection!.Weight);
        Assert.Equal(SearchMetric.Cosine, model.Stages[0].Metric);
    }

    [Fact]
    public void Load_WeightNormOfAZeroRow_IsRefusedByName()
        => AssertRefused([
            TensorBytes.Random("quantizers.0.codebook.weight", 4, 1),
            TensorBytes.Single("quantizers.0.in_proj.weight_g", [1, 1, 1], 1),
            TensorBytes.Single("quantizers.0.in_proj.weight_v", [1, 2, 1], 0, 0),
            TensorBytes.Random("quantizers.0.out_proj.weight", 2, 1)], "quantizers.0.in_proj.weight_v", "row 0");

    [Theory]
    [InlineData(32, 1024, 128, "EnCodec", 24000, 320)]
    [InlineData(16, 1024, 128, "EnCodec", 48000, 320)]
    [InlineData(4, 2048, 128, "EnCodec", 32000, 640)]
    [InlineData(46, 16, 64, "Lyra", 16000, 320)]
    [InlineData(8, 1024, 1024, "SpeechTokenizer", 16000, 320)]
    [InlineData(3, 16, 8, "EnCodec", null, null)]
    public void Load_PublishedSizes_GiveFamilyAndRates(int count, int size, int dimensions, string family, int? sampleRate, int? hop)
    {
        var data = new byte[(long)size * dimensions * 4];
        var model = ModelAssert.Read(TensorBytes.Safetensors(Enumerable.Range(0, count).Select(i =>
            new TensorBytes($"quantizer.layers.{i}.codebook.embed", "F32", [size, dimensions], data))));
        Assert.Equal((family, sampleRate, hop), (model.Family, model.SampleRate, model.HopLength));
    }

    // The published configurations of SpeechTokenizer and DAC: codebooks, dimensions of a codeword and of a frame, sample rate, hop.
    [Theory]
    [InlineData(9, 1024, 44100, 512)]
    [InlineData(18, 128, 44100, 512)]
    [InlineData(32, 1024, 24000, 320)]
    [InlineData(12, 1024, 16000, 320)]
    [InlineData(10, 1024, null, null)]
    public void Load_DacOfPublishedSizes_HasItsRates(int count, int dimensions, int? sampleRate, int? hop)
    {
        var model = ModelAssert.Read(TensorBytes.Safetensors(Enumerable.Range(0, count).SelectMany(i => new[]
        {
            new TensorBytes($"quantizer.quantizers.{i}.codebook.weight", "F32", [1024, 8], new byte[1024 * 32]),
            new TensorBytes($"quantizer.quantizers.{i}.in_proj.weight", "F32", [8, dimensions, 1], new byte[8 * dimensions * 4]),
            new TensorBytes($"quantizer.quantizers.{i}.out_proj.weight", "F32", [dimensions, 8, 1], new byte[8 * dimensions * 4]),
        })));
        Assert.Equal(("DAC", sampleRate, hop), (model.Family, model.SampleRate, model.HopLength));
        Assert.All(model.Stages.ToArray(), stage => Assert.Equal((1, SearchMetric.Cosine), (stage.Stride, stage.Metric)));
    }

    [Fact]
    public void Load_OneCodebookOfPublishedSizes_HasItsRates()
    {
        TensorBytes Zeros(string name, params long[] shape) => new(name, "F32", shape, new byte[shape.Aggregate(4L, (a, b) => a * b)]);
        TensorBytes[] BigCodec(long size) =>
        [
            Zeros("quantizer.layers.0._codebook.weight", size, 8), Zeros("quantizer.layers.0.in_proj.weight", 8, 1024),
            Zeros("quantizer.layers.0.out_proj.weight", 1024, 8),
        ];
        TensorBytes[] BiCodec(long size) =>
        [
            Zeros("quantizer.codebook.weight", size, 8), Zeros("quantizer.in_project.weight", 8, 1024),
            Zeros("quantizer.out_project.weight", 1024, 8),
        ];
        Assert.Equal(("BigCodec", 16000, 200), Rates(BigCodec(8192)));
        Assert.Equal(("BigCodec", null, null), Rates(BigCodec(4096)));
        Assert.Equal(("BiCodec", 16000, 320), Rates(BiCodec(8192)));
        Assert.Equal(("BiCodec", null, null), Rates(BiCodec(4096)));

        static (string?, int?, int?) Rates(TensorBytes[] tensors)
        {
            var model = ModelAssert.Read(TensorBytes.Safetensors(tensors));
            return (model.Family, model.SampleRate, model.HopLength);
        }
    }

    [Theory]
    [InlineData(null, 32000, 640)]
    [InlineData(32000, 32000, 640)]
    [InlineData(16000, 16000, 320)]
    [InlineData(8000, 8000, null)]
    public void Load_PublishedSizesOfSeveralRates_FollowTheConfig(int? configured, int? sampleRate, int? hop)
    {
        var file = TensorBytes.Safetensors(Enumerable.Range(0, 4).Select(i =>
            new TensorBytes($"quantizer.vq.layers.{i}._codebook.embed", "F32", [2048, 128], new byte[2048 * 512])));
        var model = ModelAssert.Read(file, config: new CodecConfig(configured, null, null));
        Assert.Equal((sampleRate, hop), (model.SampleRate, model.HopLength));
    }

    [Fact]
    public void Load_SnacOfPublishedSizesWithoutConfig_HasItsStrides()
    {
        var model = ModelAssert.Read(TensorBytes.Safetensors(Enumerable.Range(0, 3).SelectMany(i => new[]
        {
            new TensorBytes($"quantizer.quantizers.{i}.codebook.weight", "F32", [4096, 8], new byte[4096 * 32]),
            new TensorBytes($"quantizer.quantizers.{i}.in_proj.weight", "F32", [8, 768, 1], new byte[8 * 768 * 4]),
            new TensorBytes($"quantizer.quantizers.{i}.out_proj.weight", "F32", [768, 8, 1], new byte[8 * 768 * 4]),
        })));
        Assert.Equal(("SNAC", 24000, 512), (model.Family, model.SampleRate, model.HopLength));
        Assert.Equal((4, 7), (model.FramesPerBlock, model.CodesPerBlock));
    }

    [Theory]
    [InlineData("""{"sampling_rate": 24000, "upsampling_ratios": [8, 5, 4, 2]}""", 24000, 320)]
    [InlineData("""{"sampling_rate": 24000, "frame_rate": 12.5, "upsampling_ratios": [8, 6, 5, 4]}""", 24000, 1920)]
    [InlineData("""{"sampling_rate": 44100, "hop_length": 512, "downsampling_ratios": [2, 4]}""", 44100, 512)]
    [InlineData("""{"sample_rate": 16000, "strides": [8, 5, 4, 2]}""", 16000, 320)]
    [InlineData("""{"audio_encoder": {"sampling_rate": 32000, "upsampling_ratios": [8, 5, 4, 4]}, "sampling_rate": 1}""", 32000, 640)]
    [InlineData("""{"sampling_rate": 44100, "frame_rate": 86}""", 44100, null)]
    [InlineData("""{"model_type": "mimi", "sampling_rate": 24000, "upsampling_ratios": [8, 6, 5, 4]}""", 24000, null)]
    [InlineData("""{"sampling_rate": "fast", "upsampling_ratios": {}, "frame_rate": 0}""", null, null)]
    [InlineData("""{"sampling_rate": -1, "upsampling_ratios": [65536, 65536]}""", null, null)]
    [InlineData("""{"sampling_rate": 100, "frame_rate": 100}""", 100, 1)]
    [InlineData("""{"sampling_rate": 24000, "frame_rate": 0}""", 24000, null)]
    [InlineData("""{"sampling_rate": 24000, "frame_rate": -75}""", 24000, null)]
    [InlineData("""{"sampling_rate": NaN, "hop_length": Infinity, "x": -Infinity, "text": "NaN \\\" NaN"}""", null, null)]
    [InlineData("""{"model_type": "higgs_audio_v2_tokenizer", "sample_rate": 24000, "strides": [1, 1], "acoustic_model_config": {"downsampling_ratios": [8, 5, 4, 2, 3]}}""", 24000, 960)]
    [InlineData(
        """{"codec_config": {"model_type": "mimi", "sampling_rate": 24000, "frame_rate": 12.5}, "sampling_rate": 1}""", 24000, 1920)]
    [InlineData("""{"input_sample_rate": 24000, "encode_downsample_rate": 1920}""", 24000, 1920)]
    [InlineData("[]", null, null)]
    public void Load_Config_GivesRates(string json, int? sampleRate, int? hop)
    {
        var file = TensorBytes.Safetensors([TensorBytes.Random("quantizer.layers.0.codebook.embed", 4, 2)]);
        var model = ModelAssert.Read(file, config: CodecConfig.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.Equal((sampleRate, hop), (model.SampleRate, model.HopLength));
    }

    [Theory]
    [InlineData("""{"vq_strides": [4, 2]}""", "2 vq_strides")]
    [InlineData("""{"vq_strides": [2147483647, 2147483646, 2147483645]}""", "strides")]
    public void Load_StridesThatDoNotFit_AreRefused(string json, string reason)
    {
        var file = File.ReadAllBytes(TestData.Path("reference/snac-small/model.safetensors"));
        Assert.Contains(
            reason, ModelAssert.Refused(file, config: CodecConfig.Parse(Encoding.UTF8.GetBytes(json))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"vq_strides": [4, 0, 1]}""")]
    [InlineData("""{"vq_strides": "4"}""")]
    [InlineData("""{"vq_strides": [4, 2, 1], "vq_strides": [1, 1, 1]}""")]
    [InlineData("{")]
    [InlineData("")]
    public void Parse_BrokenConfig_IsRefused(string json)
        => Assert.Contains("config.json",
            Assert.Throws<InvalidDataException>(() => CodecConfig.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("codebook.weight")]
    [InlineData("encoder.codebook.weight")]
    [InlineData("vq.embeddings")]
    [InlineData("vq.embeddings.weight")]
    [InlineData("_vq_vae._embedding.weight")]
    [InlineData("vector_quantization.embedding.weight")]
    [InlineData("quantize.embedding.weight")]
    [InlineData("model.0.vq_layer.embedding.weight")]
    [InlineData("_codebook.embed")]
    [InlineData("vq._codebook.embed")]
    public void Load_SingleCodebook_IsAVqVae(string name)
    {
        var model = ModelAssert.Read(
            TensorBytes.Safetensors([TensorBytes.Random("encoder.0.weight", 5, 5), TensorBytes.Random(name, 6, 3)]));
        Assert.Equal(("VQ-VAE", 1, 6, 3), (model.Family, model.CodebookCount, model.Stages[0].Codebook.Size, model.Dimensions));
    }

    [Fact]
    public void Load_VectorQuantizeWithProjectionsAndCosine_IsReadAsChosen()
    {
        var file = TensorBytes.Safetensors([
            TensorBytes.Random("vq._codebook.embed", 1, 6, 3), TensorBytes.Random("vq.project_in.weight", 3, 5),
            TensorBytes.Random("vq.project_in.bias", 3),
            TensorBytes.Random("vq.project_out.weight", 5, 3), TensorBytes.Random("vq.project_out.bias", 5)]);
        var model = ModelAssert.Read(file, new LoadOptions { Metric = SearchMetric.Cosine });
        Assert.Equal((5, SearchMetric.Cosine), (model.Dimensions, model.Stages[0].Metric));
        Assert.Equal((3, 5), (model.Stacks[0].InputProjection!.Bias.Length, model.Stacks[0].OutputProjection!.Bias.Length));
    }

    [Theory]
    [InlineData("quantizer.quantizers.0.codebook.weight", true)]
    [InlineData("quantizer.layers.0._codebook.weight", true)]
    [InlineData("quantizer.codebook.weight", true)]
    [InlineData("quantizer.vq.layers.0._codebook.embed", false)]
    [InlineData("quantizer.quantizers.0.codebook.embed", false)]
    [InlineData("layers.0._codebook.embed", false)]
    [InlineData("vq._codebook.embed", false)]
    [InlineData("quantizer._codebook.embed", false)]
    [InlineData("rvq_first.vq.layers.0._codebook.embed", false)]
    [InlineData("rq.vq_layers.0.embedding.weight", false)]
    [InlineData("quantizer_modules.0.embedding.weight", false)]
    [InlineData("codebooks.0.weight", false)]
    [InlineData("codebooks.0", false)]
    [InlineData("quantize.embedding.weight", false)]
    [InlineData("quantize.frozen_codebook", false)]
    public void Load_Metric_IsTheCallersWord(string name, bool projected)
    {
        var layer = name.EndsWith("codebook.weight", StringComparison.Ordinal) ? name[..^"codebook.weight".Length].TrimEnd('_')
            : name[..(name.LastIndexOf('.') + 1)];
        var tensors = new List<TensorBytes> { TensorBytes.Random(name, 6, 3) };
        if (projected)
        {
            tensors.AddRange([TensorBytes.Random($"{layer}in_proj.weight", 3, 5), TensorBytes.Random($"{layer}out_proj.weight", 5, 3)]);
        }
        else if (name.EndsWith("frozen_codebook", StringComparison.Ordinal))
        {
            tensors.Add(TensorBytes.Random($"{layer}code_transform.weight", 4, 3));
        }

        var file = TensorBytes.Safetensors(tensors);
        Assert.Equal(projected, ModelAssert.Read(file).Stages[0].Metric == SearchMetric.Cosine);
        Assert.Equal(
            SearchMetric.InnerProduct, ModelAssert.Read(file, new LoadOptions { Metric = SearchMetric.InnerProduct }).Stages[0].Metric);
    }

    [Fact]
    public void Load_RatesInATorchFilesConfiguration_AreFoundOnAnyLine()
    {
        foreach (var (yaml, rate) in new[] { ("sample_rate: 32000", 32000), ("a: 1\nsample_rate: 16000\nb: 2", 16000),
            ("a: 1\n  sample_rate: 8000", (int?)null) })
        {
            var config = CodecConfig.None.Or(new Dictionary<string, string> { ["xp.cfg"] = yaml });
            Assert.Equal(rate, config.SampleRate);
        }
    }

    [Fact]
    public void Load_GroupsWithProjections_SelectTheirPartOfTheFrame()
    {
        TensorBytes[] group = [
            TensorBytes.Random("layers.0._codebook.embed", 1, 8, 2), TensorBytes.Random("project_in.weight", 2, 3),
            TensorBytes.Random("project_in.bias", 2),
            TensorBytes.Random("project_out.weight", 3, 2), TensorBytes.Random("project_out.bias", 3)];
        var single = ModelAssert.Read(TensorBytes.Safetensors(group));
        var both = ModelAssert.Read(TensorBytes.Safetensors([
            .. group.Select(tensor => tensor.Renamed(name => $"rvqs.0.{name}")),
            .. group.Select(tensor => tensor.Renamed(name => $"rvqs.1.{name}"))]));
        float[] frame = [0.1f, 0.2f, -0.3f, -0.2f, 0.4f, 0.05f];
        int[] codes = [.. new Quantizer(single).Encode(frame.AsSpan(0, 3)), .. new Quantizer(single).Encode(frame.AsSpan(3))];
        Assert.Equal(codes, new Quantizer(both).Encode(frame));
        Assert.Equal([.. new Dequantizer(single).Decode(codes.AsSpan(0, 1)), .. new Dequantizer(single).Decode(codes.AsSpan(1))],
            new Dequantizer(both).Decode(codes));
    }

    [Fact]
    public void Load_LayersThatSaveModelLeftOut_AreFoundThroughTheMetadata()
    {
        // safetensors' save_model keeps one of several shared tensors and notes the others' names.
        var model = ModelAssert.Read(TensorBytes.Safetensors(
            [TensorBytes.Random("layers.0._codebook.embed", 1, 4, 2)],
            """{"layers.1._codebook.embed":"layers.0._codebook.embed","layers.2._codebook.embed":"layers.0._codebook.embed"}"""));
        Assert.Equal(3, model.CodebookCount);
        Assert.Same(model.Stages[0].Codebook, model.Stages[2].Codebook);
    }

    [Fact]
    public void Load_SeveralQuantizers_AreToldApartByPrefix()
    {
        var file = TensorBytes.Safetensors([
            TensorBytes.Random("a.quantizer.layers.0.codebook.embed", 4, 2),
            TensorBytes.Random("b.quantizer.layers.0.codebook.embed", 8, 2)]);
        var message = ModelAssert.Refused(file);
        Assert.Contains("'a.quantizer.'", message, StringComparison.Ordinal);
        Assert.Contains("'b.quantizer.'", message, StringComparison.Ordinal);
        Assert.Equal(8, ModelAssert.Read(file, new LoadOptions { Prefix = "b." }).Stages[0].Codebook.Size);
        Assert.Contains("'c.'", ModelAssert.Refused(file, new LoadOptions { Prefix = "c." }), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnknownFile_SaysWhatItHoldsAndWhatWasExpected()
    {
        AssertRefused([TensorBytes.Random("quantizer.quantizers.0.in_proj.weight", 2, 3), TensorBytes.Random("encoder.conv.bias", 7)],
            "Of its 2 tensors", "'quantizer.quantizers.0.in_proj.weight' F32 [2, 3]", "'quantizers.0.codebook.weight' in DAC");
        AssertRefused([TensorBytes.Random("quantizer.rvq_first.vq.layers.0._codebook.cluster_usage", 2)],
            "'rvq_first.vq.layers.0._codebook.embedding_sum' in Mimi");
        AssertRefused([TensorBytes.Random("quantizer.vq.layers.0._codebook.embed_avg", 2, 2)], "'vq.layers.0._codebook.embed' in EnCodec");
        AssertRefused([TensorBytes.Random("quantizer.layers.0.codebook.embed", 2, 2, 2)], "EnCodec has 2 axes");
        AssertRefused([TensorBytes.Random("text_model.embedding.weight", 9, 2)], "'text_model.embedding.weight'");
        AssertRefused([TensorBytes.Random("my_codebooks", 2, 4, 2)], "'my_codebooks'");
        AssertRefused([TensorBytes.Random("encoder.conv.weight", 2, 4)], "none of which is called vq, quant, codebook or embed",
            "'encoder.conv.weight'");
        AssertRefused([], "no tensors");
    }

    [Fact]
    public void Load_LayerOverCodewordsOfOtherDimensions_IsRefused()
        => AssertRefused(
            [TensorBytes.Random("quantize.embedding.weight", 4, 3), TensorBytes.Random("quantize.embedding_proj.weight", 3, 2)],
            "2 inputs", "3 dimensions");

    [Fact]
    public void Load_LevelsOfOtherDimensions_AreRefused()
        => AssertRefused([
            TensorBytes.Random("quantizer.quantizer_modules.0.embedding.weight", 4, 3),
            TensorBytes.Random("quantizer.quantizer_modules.1.embedding.weight", 4, 3),
            TensorBytes.Random("quantizer.quantizer_modules2.0.embedding.weight", 4, 3),
            TensorBytes.Random("quantizer.quantizer_modules2.1.embedding.weight", 4, 2)],
            "5 dimensions together", "the first 6");

    [Fact]
    public void Load_RowWithAGap_NamesTheMissingTensor()
    {
        AssertRefused(
            [TensorBytes.Random("quantizer.layers.0.codebook.embed", 4, 2), TensorBytes.Random("quantizer.layers.2.codebook.embed", 4, 2)],
            "'quantizer.layers.1.codebook.embed'", "missing");
        AssertRefused([TensorBytes.Random("quantizer.layers.0.codebook.embed", 4, 2),
            TensorBytes.Random("quantizer.layers.2147483647.codebook.embed", 4, 2)],
            "'quantizer.layers.1.codebook.embed'", "missing");
        AssertRefused([TensorBytes.Random("x.layers.1._codebook.embed", 4, 2)], "'x.layers.1._codebook.embed'");
    }

    [Fact]
    public void Load_PartsThatDoNotFit_AreRefused()
    {
        AssertRefused([TensorBytes.Random("quantizer.layers.0.codebook.embed", 4, 2),
            TensorBytes.Random("quantizer.layers.1.codebook.embed", 4, 3)], "3", "2");
        AssertRefused([TensorBytes.Random("layers.0._codebook.embed", 2, 4, 2)], "'layers.0._codebook.embed'", "[2, 4, 2]");
        AssertRefused([TensorBytes.Random("layers.0._codebook.embed", 1, 4, 2),
            TensorBytes.Random("layers.0._codebook.codebook_mean", 1, 1, 2)], "affine");
        AssertRefused([TensorBytes.Random("codebooks", 0, 4, 2)], "'codebooks'");
        AssertRefused([TensorBytes.Random("rvq_first.vq.layers.0._codebook.embedding_sum", 4, 2),
            TensorBytes.Random("rvq_first.vq.layers.0._codebook.cluster_usage", 3)],
            "cluster_usage", "3", "4");
        AssertRefused([TensorBytes.Random("quantizers.0.codebook.weight", 4, 2),
            TensorBytes.Random("quantizers.0.in_proj.weight", 2, 3, 1)], "quantizers.0.out_proj");
        AssertRefused([
            .. Enumerable.Range(0, 2)
                .Select(g => new TensorBytes($"rvqs.{g}.layers.0._codebook.embed", "F32", [1, 1, 4096], new byte[4096 * 4]))], "8192");
        AssertRefused([
            .. Enumerable.Range(0, 2).SelectMany(g => new[]
            {
                new TensorBytes($"rvqs.{g}.layers.0._codebook.embed", "F32", [1, 1, 2_000_000], new byte[8_000_000]),
                new TensorBytes($"rvqs.{g}.project_in.weight", "F32", [2_000_000, 1], new byte[8_000_000]),
                new TensorBytes($"rvqs.{g}.project_out.weight", "F32", [1, 2_000_000], new byte[8_000_000]),
            }).Concat(Enumerable.Range(2, 300).SelectMany(g
                => new[] { TensorBytes.Random($"rvqs.{g}.layers.0._codebook.embed", 1, 1, 4) }))], "302 groups", "1202", "4001200");
    }

    private static void AssertRefused(TensorBytes[] tensors, params string[] reasons)
    {
        var message = ModelAssert.Refused(TensorBytes.Safetensors(tensors));
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }
}
