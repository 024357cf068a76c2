namespace Rvq.Tests.Checkpoints;

/// <summary>Rows of the table of codecs that no file among the cases has, against a few lines of each codec's own maths.</summary>
public sealed class TableLayoutsTests : CodecLayoutTests
{
    // openai/jukebox jukebox/vqvae/bottleneck.py: each level is a quantizer of its own, at its own rate.
    [Fact]
    public void Jukebox_Levels_AreChosenByPrefix()
    {
        float[][][] levels = [Add("bottleneck.level_blocks.0.k", 9), Add("bottleneck.level_blocks.1.k", 11)];
        Add("encoders.0.level_blocks.0.model.0.0.weight", 3);
        AssertRefused("several", "'bottleneck.level_blocks.0.', 'bottleneck.level_blocks.1.'", "Prefix");
        AssertGives(Load(new LoadOptions { Prefix = "bottleneck.level_blocks.1." }), frame => Residual(frame, [levels[1]], Nearest));
    }

    // mistralai's Voxtral TTS: sums and usage, as Mimi; the acoustic codes beside it have no codebook.
    [Fact]
    public void Voxtral_SemanticCodebook_IsSumsByUsage()
    {
        var sums = Add("audio_tokenizer.quantizer.semantic_codebook.embedding_sum", 9);
        float[] usage = [.. Enumerable.Range(0, 9).Select(i => i == 4 ? 0 : i + 0.5f)];
        Tensors.Add(TensorBytes.Single("audio_tokenizer.quantizer.semantic_codebook.cluster_usage", [9], usage));
        float[][][] codebook = [[.. sums.Select((row, k) => Array.ConvertAll(row, value => value / Math.Max(usage[k], 1e-5f)))]];
        AssertGives(Load(), frame => Residual(frame, codebook, Nearest));
    }

    // QwenLM/Qwen3-TTS tokenizer_25hz/vq/core_vq.py: DistributedGroupResidualVectorQuantization with one group.
    [Fact]
    public void Qwen25Hz_OneTensorOfAllCodebooks_IsAStack()
    {
        var values = Normal(3 * 8 * Dimensions);
        Tensors.Add(TensorBytes.Single("encoder.audio_vq.rvqs.0.embed", [3, 8, Dimensions], values));
        Tensors.Add(TensorBytes.Random("encoder.audio_vq.rvqs.0.embed_avg", 3, 8, Dimensions));
        Tensors.Add(TensorBytes.Random("encoder.audio_vq.rvqs.0.inited", 3, 1));
        Tensors.Add(TensorBytes.Random("encoder.audio_vq.rvqs.0.cluster_size", 3, 8));
        var codebooks = Enumerable.Range(0, 3).Select(m => Rows(values.AsSpan(m * 8 * Dimensions, 8 * Dimensions))).ToArray();
        AssertGives(Load(), frame => Residual(frame, codebooks, Nearest));
        Tensors.Add(TensorBytes.Random("encoder.audio_vq.rvqs.1.embed", 3, 8, Dimensions));
        AssertRefused("'encoder.audio_vq.rvqs.1.embed'");
    }

    // EdoardoBotta/RQ-VAE-Recommender modules/quantize.py with sim_vq; Ereboas/MagiCodec; youngsheen/SimVQ; vector-quantize-pytorch's SimVQ
    // and ResidualSimVQ.
    [Theory]
    [InlineData("layers.{0}.embedding.weight", "layers.{0}.out_proj.0", 2, false)]
    [InlineData("quantizer.codebook.weight", "quantizer.codebook_proj", 1, true)]
    [InlineData("quantize.embedding.weight", "quantize.embedding_proj", 1, true)]
    [InlineData("vq.frozen_codebook", "vq.code_transform", 1, false)]
    [InlineData("rq.layers.{0}.frozen_codebook", "rq.layers.{0}.code_transform", 3, false)]
    public void SimVq_LayerOverTheCodewords_IsFoldedOnce(string codebook, string transform, int count, bool hasBias)
    {
        var codebooks = new float[count][][];
        for (var m = 0; m < count; m++)
        {
            var frozen = Add(Numbered(codebook, m), 9);
            var weight = Add($"{Numbered(transform, m)}.weight", Dimensions);
            var bias = hasBias ? Normal(Dimensions) : new float[Dimensions];
            if (hasBias)
            {
                Tensors.Add(TensorBytes.Single($"{transform}.bias", [Dimensions], bias));
            }

            // In binary64, in the order of the dimensions from the bias on, rounded once.
            codebooks[m] = [.. frozen.Select(row => Enumerable.Range(0, Dimensions).Select(o =>
                (float)row.Zip(weight[o]).Aggregate((double)bias[o], (sum, pair) => sum + ((double)pair.First * pair.Second))).ToArray())];
        }

        var model = Load();
        for (var m = 0; m < count; m++)
        {
            for (var k = 0; k < 9; k++)
            {
                ModelAssert.SameBits(codebooks[m][k], model.Stages[m].Codebook[k]);
            }
        }

        AssertGives(model, frame => Residual(frame, codebooks, Nearest));
    }

    // NVIDIA/NeMo nemo/collections/tts/modules/encodec_modules.py: ResidualVectorQuantizer, and in groups of channels whose codes follow
    // one another.
    [Fact]
    public void Nemo_Groups_AreParts()
    {
        var codebooks = new[] { Add("vector_quantizer.codebooks.0.codes", 9), Add("vector_quantizer.codebooks.1.codes", 9) };
        Tensors.Add(TensorBytes.Random("vector_quantizer.codebooks.0.cluster_size", 9));
        Add("vector_quantizer.codebooks.1.codes_avg", 9);
        AssertGives(Load(), frame => Residual(frame, codebooks, Nearest));

        Tensors.Clear();
        var groups = new float[2][][][];
        for (var g = 0; g < 2; g++)
        {
            groups[g] = [.. Enumerable.Range(0, 2).Select(i =>
            {
                var values = Normal(8 * Dimensions / 2);
                Tensors.Add(TensorBytes.Single($"vector_quantizer.rvqs.{g}.codebooks.{i}.codes", [8, Dimensions / 2], values));
                return values.Chunk(Dimensions / 2).ToArray();
            })];
        }

        AssertGives(Load(), frame =>
        {
            var parts = frame.Chunk(Dimensions / 2).Select((part, g) => Residual(part, groups[g], Nearest)).ToArray();
            return ([.. parts.SelectMany(part => part.Codes)], [.. parts.SelectMany(part => part.Decoded)]);
        });
    }

    // airalcorn2/vqvae-pytorch: codewords in columns, Sonnet's moving averages beside them.
    [Fact]
    public void SonnetMovingAverages_Columns_AreCodewords()
    {
        var rows = Rows(Normal(9 * Dimensions));
        Tensors.Add(TensorBytes.Single(
            "vq.e_i_ts", [Dimensions, 9], [.. Enumerable.Range(0, Dimensions).SelectMany(d => rows.Select(row => row[d]))]));
        Tensors.Add(TensorBytes.Random("vq.N_i_ts.hidden", 9));
        Tensors.Add(TensorBytes.Random("vq.m_i_ts.average", Dimensions, 9));
        AssertGives(Load(), frame => Residual(frame, [rows], Nearest));
    }

    // MLX keeps a convolution's inputs last: [O, 1, I], also under weight norm.
    [Fact]
    public void MlxDac_ConvolutionsWithInputsLast_GiveTheSameModel()
    {
        TensorBytes[] Layer(bool mlx) =>
        [
            TensorBytes.Random("quantizer.quantizers.0.codebook.weight", 8, 4),
            TensorBytes.Random("quantizer.quantizers.0.in_proj.weight_g", 4, 1, 1),
            TensorBytes.Random("quantizer.quantizers.0.in_proj.weight_v", 4, Dimensions, 1) with
            {
                Shape = mlx ? [4, 1, Dimensions] : [4, Dimensions, 1],
            },
            TensorBytes.Random("quantizer.quantizers.0.out_proj.weight", Dimensions, 4, 1) with
            {
                Shape = mlx ? [Dimensions, 1, 4] : [Dimensions, 4, 1],
            },
        ];
        ModelAssert.SameQuantizer(
            ModelAssert.Read(TensorBytes.Safetensors(Layer(false))), ModelAssert.Read(TensorBytes.Safetensors(Layer(true))));
    }

    // Qwen3-TTS at 12.5 Hz: one model only where encoder and decoder have the same codewords.
    [Fact]
    public void Qwen12Hz_OtherCodewordsInTheDecoder_AreRefusedAndPrefixChooses()
    {
        var path = TestData.Path("checkpoints/qwen3_tts_12hz/model.safetensors");
        Tensors.AddRange(TensorBytes.FromSafetensors(path));
        Assert.Equal(4, Load().CodebookCount); // as many as the decoder has, where no config.json tells
        Assert.Equal(6, Load(new LoadOptions { Prefix = "encoder" }).CodebookCount);
        Assert.Equal(4, Load(new LoadOptions { Prefix = "decoder." }).CodebookCount);
        var other = Tensors.FindIndex(
            tensor => tensor.Name.EndsWith("rvq_rest.vq.layers.1._codebook.embedding_sum", StringComparison.Ordinal));
        Tensors[other] = TensorBytes.Random(Tensors[other].Name, Tensors[other].Shape);
        AssertRefused("Codebook 1 of stack 1", "Prefix", "decoder");
    }

    private static string Numbered(string pattern, int number) => pattern.Replace("{0}", $"{number}", StringComparison.Ordinal);
}
