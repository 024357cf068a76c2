namespace Rvq.Tool.Corpus;

/// <summary>The formats that clips are written in.</summary>
internal enum ClipFormat
{
    /// <summary>NumPy's arrays: .npy, or .npz where the input has several clips of their own.</summary>
    Npy,

    /// <summary>Packed codes of one clip.</summary>
    Rvq,

    /// <summary>A table with one row a clip.</summary>
    Parquet,
}
