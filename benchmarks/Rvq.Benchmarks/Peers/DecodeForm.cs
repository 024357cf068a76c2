namespace Rvq.Benchmarks.Peers;

/// <summary>How the ONNX graph of a decoder is written; `probe-forms` measures them against each other.</summary>
internal enum DecodeForm
{
    /// <summary>One Gather a stage from a table in the frame's dimensions (projections folded in), and a chain of Add.</summary>
    Adds,

    /// <summary>As Adds, with one Sum over all stages.</summary>
    Sum,

    /// <summary>One Gather for all stages from their stacked tables, and ReduceSum; as Adds where stages have strides.</summary>
    OneGather,

    /// <summary>
    /// Gathers from the codebooks; where there are output projections, one Gemm over the concatenated rows does them all.
    /// </summary>
    Gemm,
}
