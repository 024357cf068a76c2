namespace Rvq;

/// <summary>
/// How a stage compares its residual with the codewords. Whatever the metric, the row as it was given is what is decoded and subtracted; a
/// codec that decodes unit codewords (LlamaGen, Janus, TiTok) is <see cref="Cosine"/> over a codebook of unit rows (<see
/// cref="LoadOptions.UnitCodewords"/>).
/// </summary>
public enum SearchMetric
{
    /// <summary>The nearest codeword in Euclidean distance: smallest ½‖c‖² − ⟨r, c⟩ (EnCodec, SoundStream, Mimi, VQ-VAE).</summary>
    Euclidean,

    /// <summary>
    /// The codeword of the smallest angle: largest ⟨r, c / max(‖c‖, 1e-12)⟩, the rows normalised in binary64 and rounded once to
    /// float32 (DAC, SNAC).
    /// </summary>
    Cosine,

    /// <summary>The codeword of the largest inner product ⟨r, c⟩ (IBQ).</summary>
    InnerProduct,

    /// <summary>
    /// The codeword that is nearest to the residual's unit vector: smallest ½‖c‖² − ⟨r̂, c⟩ with r̂ = r / max(‖r‖, 1e-12), normalised in
    /// binary64 and rounded once to float32 (the S3 tokenizer of CosyVoice 1).
    /// </summary>
    NormalizedEuclidean,
}
