using System.IO.Enumeration;

namespace Rvq.Checkpoints;

/// <summary>Quantizers that are no stack of codebooks searched frame by frame, by the tensors that tell them.</summary>
internal static class OtherQuantizers
{
    private static readonly (string Pattern, string What)[] All =
    [
        ("*.quant_resi.*", "VAR, which quantizes the residual at several scales with convolutions between them"),
        ("*ema_vocab_hit_SV", "VAR, which quantizes the residual at several scales"),
        ("*vq_bridge.*", "vector-quantize-pytorch with vq_bridge, a network that makes the codewords"),
        ("*_codebook.codebook_mean", "vector-quantize-pytorch with affine_param, which moves the codewords"),
        ("*_codebook.batch_mean", "vector-quantize-pytorch with affine_param, which moves the codewords"),
        ("*mlps.*.proj_in.*", "vector-quantize-pytorch with implicit neural codebooks, which depend on the codes before"),
        ("*._levels", "finite scalar quantization, which has no codebook"),
        ("*.dim_base_index", "finite scalar quantization, which has no codebook"),
        ("*.fsqs.*", "finite scalar quantization, which has no codebook"),
        ("*quantizer._codebook.project_down.*", "CosyVoice 2's finite scalar quantization, which has no codebook"),
        ("*residual_fsq.*", "finite scalar quantization, which has no codebook"),
        ("*quantizer.vars", "wav2vec 2.0, whose codes come from a Gumbel softmax"),
        ("*quantizer.codevectors", "wav2vec 2.0, whose codes come from a Gumbel softmax"),
        ("*quantizer.weight_proj.*", "wav2vec 2.0, whose codes come from a Gumbel softmax"),
        ("*quantize*.group_basis", "binary spherical quantization, which has no codebook"),
        ("*.quantize.proj.weight", "a Gumbel-softmax quantizer, which does not search its codebook"),
    ];

    /// <summary>What a tensor of that name belongs to, or null.</summary>
    public static string? Describe(string name)
        => All.Where(other => FileSystemName.MatchesSimpleExpression(other.Pattern, name, ignoreCase: false))
            .Select(other => other.What).FirstOrDefault();
}
