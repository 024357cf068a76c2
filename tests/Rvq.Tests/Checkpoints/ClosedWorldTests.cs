using System.Text;
using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

/// <summary>A file is understood whole or refused: what a codec must know, what may lie beside it, and how a caller decides.</summary>
public sealed class ClosedWorldTests
{
    private static readonly TensorBytes[] Encodec =
    [
        TensorBytes.Random("model.quantizer.vq.layers.0._codebook.embed", 4, 2),
        TensorBytes.Random("model.quantizer.vq.layers.1._codebook.embed", 4, 2),
    ];

    [Theory]
    [InlineData("model.quantizer.vq.layers.0._codebook.scale", new long[] { 4 })]
    [InlineData("model.quantizer.vq.layers.1.norm.weight", new long[] { 2 })]
    [InlineData("model.quantizer.vq.gain", new long[] { 1 })]
    [InlineData("model.quantizer.input_proj.weight", new long[] { 2, 3 })]
    [InlineData("model.quantizer.pre.weight", new long[] { 2, 2 })]
    public void Load_TensorThatTheCodecDoesNotKnow_RefusesTheFile(string name, long[] shape)
    {
        var file = TensorBytes.Safetensors([.. Encodec, TensorBytes.Random(name, shape)]);
        var message = ModelAssert.Refused(file);
        Assert.Contains($"'{name}'", message, StringComparison.Ordinal);
        Assert.Contains("EnCodec", message, StringComparison.Ordinal);
        Assert.Contains("IgnoreTensors", message, StringComparison.Ordinal);
        foreach (var pattern in new[] { name, "*.quantizer.*" + name[^4..], "*" + name[^4..] })
        {
            Assert.Equal(2, ModelAssert.Read(file, new LoadOptions { IgnoreTensors = ["nothing", pattern] }).CodebookCount);
        }
    }

    [Theory]
    [InlineData("model.encoder.conv.weight")]
    [InlineData("model.quant_conv.weight")]
    [InlineData("lm.embedding.weight")]
    [InlineData("embedding.weight")]
    [InlineData("model.quantizer.vq.layers.0._codebook.inited")]
    [InlineData("model.quantizer.vq.layers.0._codebook.cluster_size")]
    [InlineData("model.quantizer.vq.layers.1._codebook.embed_avg")]
    [InlineData("model.quantizer.vq.layers.1._codebook.stale_counter")]
    [InlineData("model.quantizer.vq.layers.1._codebook.ema_numerator")]
    [InlineData("model.quantizer.vq.layers.1._codebook.weight_ema")]
    [InlineData("optimizer.state.0.quantizer")]
    public void Load_WhatChangesNothing_MayLieBeside(string name)
        => Assert.Equal(2, ModelAssert.Read(TensorBytes.Safetensors([.. Encodec, TensorBytes.Random(name, 3, 3)])).CodebookCount);

    [Fact]
    public void Load_OptimizerBesideCodebooksAtTheRoot_ChangesNothing()
    {
        var codebook = TensorBytes.Random("layers.0._codebook.embed", 4, 2);
        Assert.Equal(
            1, ModelAssert.Read(TensorBytes.Safetensors([codebook, TensorBytes.Random("optimizer_states.0.first", 4, 2)])).CodebookCount);
        AssertRefused(["layers.0._codebook.embed", "first.optimizer_states.0"], "'first.optimizer_states.0'");
    }

    [Fact]
    public void Load_ModuleAroundTheCodebooks_IsPartOfTheQuantizerOnlyIfCalledSo()
    {
        // The innermost quantizer, and those around it that are called so too, unless these hold the whole codec.
        string[] names = ["vqgan.quantize.embedding.weight", "vqgan.encoder.conv.weight"];
        Assert.Equal("VQ-VAE", ModelAssert.Read(TensorBytes.Safetensors(names.Select(name => TensorBytes.Random(name, 4, 3)))).Family);
        AssertRefused(["vq.quantize.embedding.weight", "vq.extra.weight"], "'vq.extra.weight'");
        AssertRefused(["vq_model.embedding.weight", "vq_model.encoder.conv.weight"], "'vq_model.encoder.conv.weight'");
        AssertRefused(["vq.layers.0._codebook.embed", "vq_extra.weight"], "'vq_extra.weight'");
        AssertRefused(["layers.0.embedding.weight", "extra.weight"], "'extra.weight'");
        string[] tiger = ["layers.0.embedding.weight", "layers.1.embedding.weight", "encoder.mlp.0.weight", "decoder.mlp.0.weight"];
        Assert.Equal(
            ("RQ-VAE", 2), Summary(ModelAssert.Read(TensorBytes.Safetensors(tiger.Select(name => TensorBytes.Random(name, 4, 3))))));
    }

    [Fact]
    public void Load_SeveralQuantizersOfAnyNames_ListsTheirPrefixes()
    {
        AssertRefused(
            ["a.quantizer.layers.0.codebook.embed", "b.vq.layers.0._codebook.embed", "c.quantize.embedding.weight"], "several",
            "'a.quantizer.'", "'b.'", "'c.quantize.'", "Prefix");
        AssertRefused(["quantize_t.embedding.weight", "quantize_b.embedding.weight"], "several", "'quantize_t.'", "'quantize_b.'");
    }

    [Fact]
    public void Load_NumberedSiblings_AreNoSeveralQuantizers()
    {
        var message = AssertRefused(["codebook.heads.0.rq.codebook.weight", "codebook.heads.1.rq.codebook.weight"],
            "parts of one quantizer", "'codebook.heads.0.rq.'");
        Assert.DoesNotContain("Prefix", message, StringComparison.Ordinal);
        AssertRefused(["x.heads.0.embedding.weight", "x.heads.1.embedding.weight"], "'x.heads.0.embedding.weight'");
    }

    [Theory]
    [InlineData("rq.vq_layers.{0}.embedding.weight")]
    [InlineData("layers.{0}.embedding.weight")]
    [InlineData("quantizer.codebooks.{0}.weight")]
    [InlineData("quantizers.{0}.embedding.weight")]
    [InlineData("quantizer.quantizers.{0}.codebook")]
    [InlineData("codebooks.{0}")]
    public void Load_NumberedCodebooks_AreOneStackAndEachByPrefix(string pattern)
    {
        var codebooks = Enumerable.Range(0, 3).Select(
            i => TensorBytes.Random(string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, i), 4 + i, 2)).ToArray();
        var model = ModelAssert.Read(TensorBytes.Safetensors(codebooks));
        Assert.Equal([4, 5, 6], model.Stages.ToArray().Select(stage => stage.Codebook.Size));
        Assert.All(model.Stages.ToArray(), stage => Assert.Equal(SearchMetric.Euclidean, stage.Metric));
        if (pattern.EndsWith("embedding.weight", StringComparison.Ordinal))
        {
            var prefix = pattern[..^"embedding.weight".Length].Replace("{0}", "1", StringComparison.Ordinal);
            Assert.Equal(
                5, ModelAssert.Read(TensorBytes.Safetensors(codebooks), new LoadOptions { Prefix = prefix }).Stages[0].Codebook.Size);
        }
    }

    [Fact]
    public void Load_Prefix_NeedsNoDotAndHidesTheRest()
    {
        var average = Encodec.Select(tensor => tensor.Renamed(name => $"model_ema{name["model".Length..]}"));
        var file = TensorBytes.Safetensors([.. Encodec, .. average, TensorBytes.Random("model.quantizer.odd", 2)]);
        Assert.Contains("'model.quantizer.', 'model_ema.quantizer.'", ModelAssert.Refused(file), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(file, new LoadOptions { Prefix = "model_ema" }).CodebookCount);
        Assert.Contains("'model.quantizer.odd'", ModelAssert.Refused(file, new LoadOptions { Prefix = "model" }), StringComparison.Ordinal);
        Assert.Equal(2, ModelAssert.Read(file, new LoadOptions { IgnoreTensors = ["model_ema.*", "model.quantizer.odd"] }).CodebookCount);
    }

    [Fact]
    public void Load_TablesOfEmbeddings_AreNoCodebooks()
    {
        AssertRefused(["embedding.weight", "lstm.weight_ih_l0"], "'embedding.weight'");
        AssertRefused(["encoder.embedding.weight"], "'encoder.embedding.weight'");
        AssertRefused(["vq_stuff.proj.embedding.weight"], "'vq_stuff.proj.embedding.weight'");
        AssertRefused(["quantizer.layers.9.embedding.weight"], "'quantizer.layers.9.embedding.weight'");
        AssertRefused(["rq.codebooks"], "'rq.codebooks'");
        Assert.Equal(("VQ-VAE", 1), Summary(ModelAssert.Read(TensorBytes.Safetensors([TensorBytes.Random("embedding.weight", 4, 3)]))));
        Assert.Equal(("VQ-VAE", 1),
            Summary(ModelAssert.Read(TensorBytes.Safetensors([TensorBytes.Random("quantizer.layers.9.embedding.weight", 4, 3)]),
            new LoadOptions { Prefix = "quantizer.layers.9." })));
    }

    [Fact]
    public void Load_SingleCodeword_IsRefused()
    {
        var message = ModelAssert.Refused(TensorBytes.Safetensors([TensorBytes.Random("quantizer.layers.0.codebook.embed", 1, 3)]));
        Assert.Contains("[1, 3]", message, StringComparison.Ordinal);
        Assert.Equal(4,
            ModelAssert.Read(TensorBytes.Safetensors([TensorBytes.Random("layers.0._codebook.embed", 1, 4, 3)])).Stages[0].Codebook.Size);
    }

    [Fact]
    public void Load_Family_ChoosesAmongEqualNames()
    {
        var file = TensorBytes.Safetensors([TensorBytes.Random("quantize.embedding.weight", 4, 3)]);
        Assert.Equal(("VQ-VAE", SearchMetric.Euclidean), Metric(ModelAssert.Read(file)));
        Assert.Equal(("IBQ", SearchMetric.InnerProduct), Metric(ModelAssert.Read(file, new LoadOptions { Family = "ibq" })));
        Assert.Equal(
            ("Janus", SearchMetric.Cosine),
            Metric(ModelAssert.Read(file, config: CodecConfig.Parse(Encoding.UTF8.GetBytes("""{"model_type": "janus"}""")))));
        var unknown = ModelAssert.Refused(file, new LoadOptions { Family = "none" });
        Assert.Contains("'none'", unknown, StringComparison.Ordinal);
        Assert.Contains("IBQ", unknown, StringComparison.Ordinal);
        Assert.Contains("No known quantizer", ModelAssert.Refused(file, new LoadOptions { Family = "SNAC" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SmallFileThatWouldGrow_IsRefused()
    {
        // SimVQ's layer from 1 dimension to many, and projections as wide as the frame squared.
        TensorBytes Zeros(string name, params long[] shape) => new(name, "F32", shape, new byte[shape.Aggregate(4L, (a, b) => a * b)]);
        Assert.Contains("too much", ModelAssert.Refused(TensorBytes.Safetensors([
            Zeros("quantize.embedding.weight", 100_000, 1), Zeros("quantize.embedding_proj.weight", 1000, 1)])), StringComparison.Ordinal);
        Assert.Contains("4 stages of 4000 dimensions", ModelAssert.Refused(
            TensorBytes.Safetensors(Enumerable.Range(0, 4).Select(i => Zeros($"vq.layers.{i}._codebook.embed", 2, 4000))),
            new LoadOptions { Family = "Language-Codec" }), StringComparison.Ordinal);
        Assert.Contains("a product of at most", ModelAssert.Refused(
            TensorBytes.Safetensors(Enumerable.Range(0, 2).Select(i => Zeros($"quantizer_modules.{i}.embedding.weight", 2, 3000)))),
                StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ATensorBesideTheFamilysModule_IsTheQuantizersAllTheSame()
    {
        TensorBytes[] tensors =
            [TensorBytes.Random("quantizer.x.layers.0.codebook.embed", 4, 2), TensorBytes.Random("encoder.weight", 2, 2)];
        Assert.Equal(1, ModelAssert.Read(TensorBytes.Safetensors(tensors)).CodebookCount);
        Assert.Contains(
            "'quantizer.gain.weight'",
            ModelAssert.Refused(TensorBytes.Safetensors([.. tensors, TensorBytes.Random("quantizer.gain.weight", 2, 2)])),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    public void Load_ADacOfNoPublishedSize_WarnsWhereItMightBeASnac(int codebooks, int expected)
    {
        var warnings = new List<string>();
        ModelAssert.Read(
            TensorBytes.Safetensors(Enumerable.Range(0, codebooks).SelectMany(i => new[]
            {
                TensorBytes.Random($"quantizer.quantizers.{i}.codebook.weight", 4, 2),
                TensorBytes.Random($"quantizer.quantizers.{i}.in_proj.weight", 2, 3, 1),
                TensorBytes.Random($"quantizer.quantizers.{i}.out_proj.weight", 3, 2, 1),
            })),
            new LoadOptions { OnWarning = warnings.Add });
        Assert.Equal(expected, warnings.Count);
    }

    [Fact]
    public void Load_UnitCodewords_AreDecoded()
    {
        var file = TensorBytes.Safetensors([TensorBytes.Single("vq_layer.embedding.weight", [2, 2], 3, 4, 0, -2)]);
        var model = ModelAssert.Read(file, new LoadOptions { UnitCodewords = true });
        Assert.Equal(SearchMetric.Cosine, model.Stages[0].Metric);
        Assert.Equal([0.6f, 0.8f, 0, -1], new Dequantizer(model).Decode([0, 1]));
        var plain = ModelAssert.Read(
            TensorBytes.Safetensors(
                [TensorBytes.Single("quantize.embedding.weight", [2, 2], 3, 4, 0, -2), TensorBytes.Random("quantize.codebook_used", 8)]),
            new LoadOptions { UnitCodewords = false, Metric = SearchMetric.Euclidean });
        Assert.Equal([3, 4, 0, -2], new Dequantizer(plain).Decode([0, 1]));
    }

    [Theory]
    [InlineData("finite scalar quantization", "quantizer.layers.0._levels")]
    [InlineData("wav2vec", "quantizer.codevectors")]
    [InlineData("finite scalar", "vector_quantizer.fsqs.0.num_levels")]
    public void Load_QuantizerWithoutCodebookSearch_IsRefusedByItsName(string what, string name)
    {
        var message = AssertRefused([name], "cannot be read", $"'{name}'");
        Assert.Contains(what, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bom")]
    [InlineData("nan")]
    [InlineData("float")]
    [InlineData("strides_null")]
    [InlineData("trailing_comma")]
    public void Load_ConfigAsProgramsWriteIt_GivesItsRates(string name)
    {
        var model = RvqModel.Load(TestData.Path($"files/config_json/{name}/model.safetensors"));
        Assert.Equal((24000, 320), (model.SampleRate, model.HopLength));
    }

    [Fact]
    public void Load_SeveralQuantizersFile_LoadsTheOneOfThePrefix()
    {
        var path = TestData.Path("files/several_quantizers/me.pt");
        var (frames, _) = Npy.ReadSingle(TestData.Path("files/several_quantizers/frames.npy"));
        var (expected, _) = Npy.ReadInt64(TestData.Path("files/several_quantizers/expected_codes.npy"));
        var message = Assert.Throws<InvalidDataException>(() => RvqModel.Load(path)).Message;
        Assert.Contains("'model.", message, StringComparison.Ordinal);
        Assert.Contains("'ema.", message, StringComparison.Ordinal);
        Assert.Equal(expected,
            Array.ConvertAll(new Quantizer(RvqModel.Load(path, new LoadOptions { Prefix = "model" })).Encode(frames), code => (long)code));
    }

    [Theory]
    [InlineData("fvq.pt")]
    [InlineData("fvq2.pt")]
    public void Load_FactorizedCodebook_HasItsProjectionsAndCosine(string name)
    {
        var stage = RvqModel.Load(TestData.Path($"files/factorized_vq/{name}")).Stages[0];
        Assert.Equal(SearchMetric.Cosine, stage.Metric);
        Assert.NotNull(stage.InputProjection);
        Assert.NotNull(stage.OutputProjection);
    }

    [Fact]
    public void Load_VqVae2_KeepsCodewordsInColumns()
    {
        var model = RvqModel.Load(TestData.Path("files/vqvae2_embed/vqvae_embed.pt"));
        Assert.Equal("VQ-VAE-2", model.Family);
        Assert.True(model.Stages[0].Codebook.Size > model.Dimensions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_HuggingFacesXCodec_HasEncodecsLayersUnderAnotherName(bool projected)
    {
        TensorBytes[] layer = projected
            ? [TensorBytes.Random("codebook.embed", 4, 2), TensorBytes.Random("project_in.weight", 2, 3),
                TensorBytes.Random("project_in.bias", 2),
                TensorBytes.Random("project_out.weight", 3, 2), TensorBytes.Random("project_out.bias", 3)]
            : [TensorBytes.Random("codebook.embed", 4, 2)];
        RvqModel Read(string layers) => ModelAssert.Read(TensorBytes.Safetensors(
            [.. layer.Select(tensor => tensor.Renamed(name => $"quantizer.{layers}.0.{name}")),
                .. layer.Select(tensor => tensor.Renamed(name => $"quantizer.{layers}.1.{name}"))]));
        var model = Read("quantizers");
        ModelAssert.SameQuantizer(Read("layers"), model);
        Assert.Equal((2, projected ? 3 : 2), (model.CodebookCount, model.Dimensions));
        Assert.Equal(SearchMetric.Euclidean, model.Stages[1].Metric);
    }

    private static string AssertRefused(string[] names, params string[] reasons)
    {
        var message = ModelAssert.Refused(TensorBytes.Safetensors(names.Select(name
            => name.EndsWith("codebooks", StringComparison.Ordinal) ? TensorBytes.Random(name, 2, 4, 3) : TensorBytes.Random(name, 4, 3))));
        Assert.All(reasons, reason => Assert.Contains(reason, message, StringComparison.Ordinal));
        return message;
    }

    private static (string?, int) Summary(RvqModel model) => (model.Family, model.CodebookCount);

    private static (string?, SearchMetric) Metric(RvqModel model) => (model.Family, model.Stages[0].Metric);
}
