namespace Rvq.Search;

/// <summary>What one thread needs to encode blocks of frames into several stacks each.</summary>
internal sealed class BestScratch(RvqModel model, int count, int beamWidth)
{
    private float[]? _decoded;

    public EncodeScratch Encode { get; } = new(model, beamWidth);

    public BestStacks Stacks { get; } = new(model, EncodeScratch.FramesPerPass(model) / model.FramesPerBlock, count, beamWidth + 1);

    /// <summary>Room for one residual of any stack, padded.</summary>
    public AlignedBuffer<float> Residual { get; } = new(model.Stages.ToArray().Max(stage => Definition.PaddedLength(stage.Dimensions)));

    /// <summary>Room for decoded frames, [frames, D].</summary>
    public Span<float> Decoded(int frames)
        => (_decoded ??= new float[(long)EncodeScratch.FramesPerPass(model) * model.Dimensions]).AsSpan(0, frames * model.Dimensions);
}
