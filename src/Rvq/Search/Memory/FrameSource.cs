namespace Rvq.Search;

/// <summary>A caller's frames: address, element type and layout. The caller keeps them pinned.</summary>
internal readonly unsafe struct FrameSource
{
    public FrameSource(float* frames, in StridedRows rows)
    {
        Floats = frames;
        Rows = rows;
    }

    public FrameSource(Half* frames, in StridedRows rows)
    {
        Halves = frames;
        Rows = rows;
        IsHalf = true;
    }

    /// <summary>The first value of float32 frames.</summary>
    public float* Floats { get; }

    /// <summary>The first value of float16 frames.</summary>
    public Half* Halves { get; }

    /// <summary>Whether the frames are float16. (Both pointers may be null where there is no frame.)</summary>
    public bool IsHalf { get; }

    public StridedRows Rows { get; }
}
