namespace Rvq.Benchmarks.Peers;

/// <summary>
/// The form of graph that `probe-forms` found fastest for a shape and T (Xeon with AVX-512; the margins are wide where they matter).
/// </summary>
internal static class FastestForm
{
    // The blocked ArgMax pays for its five extra nodes from a handful of rows on; the additional dimension saves copying the bias into many
    // scores.
    public static EncodeForm Encode(RvqModel model, int frameCount)
    {
        var size = model.Stages[0].Codebook.Size;
        return size >= 256 && frameCount >= 8 ? EncodeForm.BlockedTables
            : model.Stages[0].InputProjection is not null ? EncodeForm.Tables
            : size * frameCount < 2048 ? EncodeForm.Gemm : EncodeForm.Augmented;
    }

    // One Gather saves nodes, which is all that counts for few frames; its [N, T, D] rows leave the cache for many.
    public static DecodeForm Decode(RvqModel model, int frameCount)
        => frameCount < 8 || (model.CodebookCount > 16 && frameCount * model.Dimensions <= 10_000) ? DecodeForm.OneGather
            : model.Stages[0].OutputProjection is not null ? DecodeForm.Gemm : DecodeForm.Adds;
}
