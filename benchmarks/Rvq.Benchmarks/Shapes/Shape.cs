namespace Rvq.Benchmarks.Shapes;

/// <summary>A codec's quantizer to measure: its model, and frames that the model was not trained on.</summary>
/// <param name="Name">The name that filters match.</param>
/// <param name="FrameRate">Frames per second of audio.</param>
/// <param name="Model">The model.</param>
/// <param name="Frames">At least <see cref="FrameCount"/> frames, row-major.</param>
internal sealed record Shape(string Name, double FrameRate, RvqModel Model, float[] Frames)
{
    public const int FrameCount = 1500;

    /// <summary>The frames of a call: T, or the next whole number of blocks.</summary>
    public int Round(int frameCount) => (frameCount + Model.FramesPerBlock - 1) / Model.FramesPerBlock * Model.FramesPerBlock;

    /// <summary>The codes of so many frames.</summary>
    public int CodeCount(int frameCount) => frameCount / Model.FramesPerBlock * Model.CodesPerBlock;

    public ReadOnlySpan<float> FramesAt(int first, int count) => Frames.AsSpan(first * Model.Dimensions, count * Model.Dimensions);
}
