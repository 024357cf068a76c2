namespace Rvq.Tests.Checkpoints;

/// <summary>
/// Checkpoint layouts from public code that the table of codecs was not written for. Codes are those of a few lines that follow each
/// codec's own code in binary64, or the file is refused by name.
/// </summary>
public sealed class LayoutsBeyondTheTableTests : CodecLayoutTests
{
    // EricGuo5513/momask-codes models/vq/residual_vq.py: ResidualVQ of QuantizeEMAReset, nearest row of each layer's buffer "codebook".
    [Fact]
    public void MoMask_LayersOfBuffers_AreOneStack()
    {
        var codebooks = new[] { Add("quantizer.layers.0.codebook", 9), Add("quantizer.layers.1.codebook", 9),
            Add("quantizer.layers.2.codebook", 9) };
        Add("encoder.model.0.weight", 3);
        AssertGives(Load(), frame => Residual(frame, codebooks, Nearest));
    }

    // Mael-zys/T2M-GPT models/quantize_cnn.py, OpenMotionLab/MotionGPT: QuantizeEMAReset alone.
    [Fact]
    public void T2mGpt_OneBuffer_IsACodebook()
    {
        float[][][] codebook = [Add("net.vqvae.quantizer.codebook", 17)];
        Add("net.vqvae.encoder.model.0.weight", 3);
        AssertGives(Load(), frame => Residual(frame, codebook, Nearest));
    }

    // bshall/VectorQuantizedCPC model.py: VQEmbeddingEMA, buffers embedding, ema_count, ema_weight.
    [Fact]
    public void VectorQuantizedCpc_BufferWithMovingAverages_IsACodebook()
    {
        float[][][] codebook = [Add("encoder.codebook.embedding", 12)];
        Tensors.Add(TensorBytes.Random("encoder.codebook.ema_count", 12));
        Add("encoder.codebook.ema_weight", 12);
        Add("encoder.rnn.weight_ih_l0", 4);
        AssertGives(Load(), frame => Residual(frame, codebook, Nearest));
    }

    // huggingface/diffusers pipelines/wuerstchen/modeling_paella_vq_model.py: vquantizer.embedding; dome272/Paella: vquantizer.codebook
    // with ema_* buffers.
    [Theory]
    [InlineData("vquantizer.embedding.weight", null)]
    [InlineData("vquantizer.codebook.weight", "vquantizer.ema_element_count")]
    public void Paella_EitherName_IsACodebook(string name, string? beside)
    {
        float[][][] codebook = [Add(name, 20)];
        Add("down_blocks.0.weight", 3);
        Add("up_blocks.0.0.weight", 3);
        if (beside is not null)
        {
            Tensors.Add(TensorBytes.Random(beside, 20));
        }

        AssertGives(Load(), frame => Residual(frame, codebook, Nearest));
    }

    // huggingface/lerobot policies/vqbet: an old ResidualVQ of vector-quantize-pytorch inside a VQ-VAE of actions.
    [Fact]
    public void VqBet_ResidualVqInsideAPolicy_IsFound()
    {
        var codebooks = Enumerable.Range(0, 2)
            .Select(i => Add($"model.action_head.vqvae_model.vq_layer.layers.{i}._codebook.embed", 8, rank3: true)).ToArray();
        for (var i = 0; i < 2; i++)
        {
            Tensors.Add(TensorBytes.Random($"model.action_head.vqvae_model.vq_layer.layers.{i}._codebook.cluster_size", 1, 8));
            Tensors.Add(TensorBytes.Random($"model.action_head.vqvae_model.vq_layer.layers.{i}._codebook.initted", 1));
        }

        Add("model.action_head.vqvae_model.encoder.encoder.0.weight", 3);
        Add("model.action_head.map_to_cbet_preds_bin.layers.0.weight", 3);
        AssertGives(Load(), frame => Residual(frame, codebooks, Nearest));
    }

    // thuanz123/enhancing-transformers enhancing/modules/stage1/quantizers.py: use_norm, true by default, normalises both sides and decodes
    // the unit row.
    [Fact]
    public void VitVqgan_UseNorm_MustBeTold()
    {
        var codebook = Add("quantizer.embedding.weight", 16);
        Add("pre_quant.weight", 6);
        Add("post_quant.weight", 8);
        AssertRefused("ViT-VQGAN", "UnitCodewords");
        float[][][] unit = [[.. codebook.Select(Unit)]];
        AssertGives(Load(new LoadOptions { UnitCodewords = true }),
            frame => Residual(frame, unit, (rows, residual) => Nearest(rows, Unit(residual))));
        AssertGives(Load(new LoadOptions { UnitCodewords = false }), frame => Residual(frame, [codebook], Nearest));
    }

    // lucidrains/DALLE-pytorch dalle_pytorch.py: DiscreteVAE takes the largest of the encoder's num_tokens channels.
    [Fact]
    public void DallePytorch_EncoderOfLogits_IsRefused()
    {
        Add("codebook.weight", 16);
        Tensors.Add(TensorBytes.Random("encoder.0.0.weight", 8, 3, 4, 4));
        Tensors.Add(TensorBytes.Random("encoder.2.weight", 16, 8, 1, 1));
        AssertRefused("DALL-E", "searches no codebook");
    }

    // lucidrains/vector-quantize-pytorch random_projection_quantizer.py (BEST-RQ).
    [Fact]
    public void RandomProjectionQuantizer_LayerNormAndProjection_IsRefused()
    {
        Tensors.Add(TensorBytes.Random("rand_projs", 1, 9, Dimensions));
        Add("vq._codebook.embed", 16, rank3: true);
        Tensors.Add(TensorBytes.Random("vq._codebook.initted", 1));
        AssertRefused("RandomProjectionQuantizer");
    }

    // FoundationVision/UniTok models/quant.py: VectorQuantizerM splits a frame among several codebooks.
    [Fact]
    public void UniTok_CodebooksSideBySide_AreRefused()
    {
        Add("quantizer.codebooks.0.codebook.weight", 16);
        Add("quantizer.codebooks.1.codebook.weight", 16);
        Tensors.Add(TensorBytes.Random("quantizer.codebooks.0.vocab_usage", 16));
        AssertRefused("'quantizer.codebooks.0.codebook.weight'");
    }

    // facebookresearch/fairseq modules/kmeans_vector_quantizer.py (vq-wav2vec): groups, a convolution and a group norm before the search.
    [Fact]
    public void VqWav2vec_GroupsBehindANorm_AreRefused()
    {
        Tensors.Add(TensorBytes.Random("vector_quantizer.embedding", 16, 2, 3));
        Tensors.Add(TensorBytes.Random("vector_quantizer.projection.0.weight", 6, 3, 1));
        AssertRefused("'vector_quantizer.embedding'");
    }

    // fishaudio/fish-speech 1.4 (firefly): residual finite scalar quantization.
    [Fact]
    public void Firefly_ResidualFsq_IsRefusedByName()
    {
        Add("quantizer.residual_fsq.rvqs.0.project_in.weight", 4);
        AssertRefused("finite scalar quantization");
    }

    // kaiidams/soundstream-pytorch: one buffer of all codebooks in a module; a product quantizer looks the same.
    [Fact]
    public void SoundStream_OneTensorOfAllCodebooks_IsReadWhenItsModuleIsGiven()
    {
        var values = Normal(3 * 8 * Dimensions);
        Tensors.Add(TensorBytes.Single("quantizer.codebooks", [3, 8, Dimensions], values));
        Add("encoder.conv.weight", 3);
        AssertRefused("'quantizer.codebooks'");
        var codebooks = Enumerable.Range(0, 3).Select(m => Rows(values.AsSpan(m * 8 * Dimensions, 8 * Dimensions))).ToArray();
        AssertGives(Load(new LoadOptions { Prefix = "quantizer." }), frame => Residual(frame, codebooks, Nearest));
    }
}
