using System.Text.Json;

namespace Rvq.Tests.Checkpoints;

/// <summary>
/// Checkpoints with the tensor names of codecs that are in use: each gives the codes and frames of an independent implementation of the
/// codec's maths, or is refused; none is silently something else.
/// </summary>
public sealed class CheckpointCasesTests : IDisposable
{
    // What only the caller can know, since no name tells it.
    private static readonly Dictionary<string, LoadOptions> Told = new()
    {
        ["dualcodec_semantic_only"] = new() { Prefix = "semantic_vq." },
        ["ibq"] = new() { Metric = SearchMetric.InnerProduct },
        ["languagecodec"] = new() { Family = "Language-Codec" },
        ["npy_codebook_semanticodec"] = new() { BareCodebooks = true },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("rvq").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Names()
        => [.. Directory.EnumerateDirectories(Path.Combine(AppContext.BaseDirectory, "CheckpointData"))
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Load_Case_GivesItsCodesOrIsRefused(string name)
    {
        var folder = TestData.Path($"checkpoints/{name}");
        using var description = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        var path = Path.Combine(folder, description.RootElement.GetProperty("file").GetString()!);
        path = File.Exists(Path.Combine(folder, "model.safetensors.index.json")) ? Path.Combine(folder, "model.safetensors.index.json")
            : path;
        var isRefused = description.RootElement.GetProperty("expect").GetString()!.StartsWith("refuse", StringComparison.Ordinal)
            || name == "vqp_vq_bridge";
        if (isRefused && name != "torchscript_archive") // its tensors are read
        {
            Assert.Throws<InvalidDataException>(() => RvqModel.Load(path));
        }
        else if (name == "snac_custom_no_config")
        {
            AssertGives(folder, RvqModel.Load(BesideStrides(path)));
        }
        else
        {
            AssertGives(folder, RvqModel.Load(path, Told.GetValueOrDefault(name, new LoadOptions())), name == "faiss_IxRq_beam5" ? 5 : 1);
        }
    }

    [Theory]
    [InlineData("dualcodec_semantic_only", "'semantic_vq.', 'dac.quantizer.'", "Prefix")]
    [InlineData("languagecodec", "Language-Codec", "Family")]
    [InlineData("var_multiscale", "'quantize.ema_vocab_hit_SV'", "VAR")]
    [InlineData("vqp_vq_bridge", "'_codebook.vq_bridge.weight'", "vq_bridge")]
    public void Load_WhatTheNamesDoNotTell_SaysWhatToDo(string name, params string[] reasons)
    {
        var folder = TestData.Path($"checkpoints/{name}");
        var path = Directory.EnumerateFiles(folder).Single(file => Path.GetExtension(file) is not (".npy" or ".json"));
        var message = Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message;
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_SnacOfUnknownSizeWithoutConfig_Warns()
    {
        foreach (var file in new[] { "checkpoints/snac_custom_no_config/pytorch_model.bin", "files/snac_without_config/snac_nocfg.bin" })
        {
            var warnings = new List<string>();
            Assert.Equal(1, RvqModel.Load(TestData.Path(file), new LoadOptions { OnWarning = warnings.Add }).FramesPerBlock);
            Assert.Contains("vq_strides", Assert.Single(warnings), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("hf_xcodec", "X-Codec", 16000, 320)]
    [InlineData("config_strides_are_not_the_hop", "EnCodec", 16000, 320)]
    [InlineData("moss_audio_tokenizer_rlfq", "MOSS-Audio-Tokenizer", 24000, 1920)]
    [InlineData("qwen3_tts_12hz", "Qwen3-TTS", 24000, 1920)]
    public void Load_CaseWithConfig_HasItsRates(string name, string family, int sampleRate, int hop)
    {
        var model = RvqModel.Load(TestData.Path($"checkpoints/{name}/model.safetensors"));
        Assert.Equal((family, sampleRate, hop), (model.Family, model.SampleRate, model.HopLength));
    }

    [Fact]
    public void Load_LanguageCodecOfAnyChannels_SplitsThemAsTheCodecDoes()
    {
        // D // 3 and 2 D // 3: 42 and 85 of 128 channels.
        var tensors = Enumerable.Range(0, 4)
            .Select(i => TensorBytes.Random($"feature_extractor.encodec.quantizer.vq.layers.{i}._codebook.embed", 4, 128));
        var model = ModelAssert.Read(TensorBytes.Safetensors(tensors), new LoadOptions { Family = "Language-Codec" });
        int[] bounds = [0, 42, 85, 128];
        for (var m = 0; m < 3; m++)
        {
            var input = model.Stages[m].InputProjection!;
            Assert.Equal(
                Enumerable.Range(0, 128).Select(d => d >= bounds[m] && d < bounds[m + 1] ? 1f : 0f),
                Enumerable.Range(0, 128).Select(d => input.Weight[(d * input.Inputs) + d]));
        }
    }

    [Fact]
    public void Load_WhisperSpeech_SearchesByCosineAsItsConfigurationSays()
    {
        var model = RvqModel.Load(TestData.Path("checkpoints/whisperspeech_vq/whisper-vq-stoks.model"));
        Assert.Equal(SearchMetric.Cosine, model.Stages[0].Metric);
        Assert.NotNull(model.Stages[0].InputProjection);
    }

    [Fact]
    public void Load_MossAudioTokenizerWithoutConfig_AsksForTheMetric()
    {
        var path = Path.Combine(_folder, "model.safetensors");
        File.Copy(TestData.Path("checkpoints/moss_audio_tokenizer_rlfq/model.safetensors"), path);
        Assert.Contains(
            "LoadOptions.Metric", Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message, StringComparison.Ordinal);
        Assert.Equal(SearchMetric.Cosine, RvqModel.Load(path, new LoadOptions { Metric = SearchMetric.Cosine }).Stages[0].Metric);
        File.WriteAllText(Path.Combine(_folder, "config.json"), """{"quantizer_type": "rvq"}""");
        Assert.Equal(SearchMetric.Euclidean, RvqModel.Load(path).Stages[0].Metric);
    }

    private string BesideStrides(string path)
    {
        var copy = Path.Combine(_folder, Path.GetFileName(path));
        File.Copy(path, copy);
        File.WriteAllText(Path.Combine(_folder, "config.json"), """{"vq_strides": [4, 2, 1]}""");
        return copy;
    }

    private static void AssertGives(string folder, RvqModel model, int beamWidth = 1)
    {
        if (!File.Exists(Path.Combine(folder, "codes.npy")))
        {
            return;
        }

        var (frames, shape) = Npy.ReadSingle(Path.Combine(folder, "frames.npy"));
        Assert.Equal(shape[^1], model.Dimensions);
        var expected = Array.ConvertAll(Npy.ReadInt64(Path.Combine(folder, "codes.npy")).Data, code => checked((int)code));
        var codes = new Quantizer(model, new QuantizerOptions { BeamWidth = beamWidth }).Encode(frames);
        Assert.Equal(expected, codes);
        var (decoded, _) = Npy.ReadSingle(Path.Combine(folder, "decoded.npy"));
        var actual = new Dequantizer(model).Decode(codes);
        Assert.Equal(decoded.Length, actual.Length);
        Assert.All(decoded.Zip(actual),
            pair => Assert.InRange(pair.Second, pair.First - Tolerance(pair.First), pair.First + Tolerance(pair.First)));

        static float Tolerance(float value) => 1e-5f * Math.Max(1, Math.Abs(value));
    }
}
