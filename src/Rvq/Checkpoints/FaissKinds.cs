namespace Rvq.Checkpoints;

/// <summary>What the four letters of faiss's index files stand for, for messages.</summary>
internal static class FaissKinds
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["IxLS"] = "IndexLocalSearchQuantizer",
        ["IxPL"] = "IndexProductLocalSearchQuantizer",
        ["IxPq"] = "IndexPQ, a product quantizer",
        ["IxPQ"] = "IndexPQ, a product quantizer",
        ["IPfs"] = "IndexPQFastScan, a product quantizer",
        ["ILfs"] = "IndexLocalSearchQuantizerFastScan",
        ["IPRf"] = "IndexProductResidualQuantizerFastScan",
        ["IVRf"] = "IndexIVFResidualQuantizerFastScan",
        ["IwPR"] = "IndexIVFProductResidualQuantizer",
        ["IwLS"] = "IndexIVFLocalSearchQuantizer",
        ["IwPQ"] = "IndexIVFPQ",
        ["IwFl"] = "IndexIVFFlat",
        ["IwSq"] = "IndexIVFScalarQuantizer",
        ["IxSQ"] = "IndexScalarQuantizer",
        ["IxFI"] = "IndexFlatIP",
        ["IxF2"] = "IndexFlatL2",
        ["IxFl"] = "IndexFlat",
        ["IxHe"] = "IndexLSH",
        ["Ix2L"] = "Index2Layer",
        ["Imiq"] = "MultiIndexQuantizer",
        ["IHNf"] = "IndexHNSWFlat",
        ["IHNp"] = "IndexHNSWPQ",
        ["IHNs"] = "IndexHNSWSQ",
        ["VNrm"] = "NormalizationTransform",
        ["VCnt"] = "CenteringTransform",
        ["RmDT"] = "RemapDimensionsTransform",
        ["Viqt"] = "ITQTransform",
    };

    /// <summary>The name in brackets, behind a space, or nothing.</summary>
    public static string Describe(string kind) => Names.TryGetValue(kind, out var name) ? $" ({name})" : "";
}
