namespace Rvq.Benchmarks.Peers;

/// <summary>How the ONNX graph of an encoder is written; `probe-forms` measures them against each other.</summary>
internal enum EncodeForm
{
    /// <summary>As a codec's exporter writes it: MatMul, Mul −2, Add norms, ArgMin, Gather, Sub; projections as they are.</summary>
    Textbook,

    /// <summary>Half norms as the bias of one Gemm, then ArgMax; output projections folded into the table that Gather reads.</summary>
    Gemm,

    /// <summary>As Gemm, but the half norms are one more dimension of the codewords, and 1 one more dimension of the residual.</summary>
    Augmented,

    /// <summary>
    /// As Augmented; stages with projections: all of them at once on the frame, and tables for a code's effect on the later ones.
    /// </summary>
    Tables,

    /// <summary>
    /// As Tables, with the scalar ArgMax of 1024 scores replaced by ReduceMax of blocks, which is vectorised, and ArgMax of the winning
    /// block.
    /// </summary>
    BlockedTables,
}
