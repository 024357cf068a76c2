namespace Rvq.Tests.Training;

/// <summary>What a model leaves of frames, to measure training with.</summary>
internal static class ModelError
{
    /// <summary>The mean of <see cref="Oracle.Error"/> over frames, for the codes of a search that other tests hold to the oracle.</summary>
    public static double Of(RvqModel model, float[] frames, int beamWidth = 1)
    {
        var codebooks = model.Stages.ToArray().Select(stage => stage.Codebook).ToArray();
        var codes = new Quantizer(model, new QuantizerOptions { BeamWidth = beamWidth }).Encode(frames);
        return frames.Chunk(model.Dimensions).Zip(codes.Chunk(codebooks.Length), (frame, own) => Oracle.Error(codebooks, frame, own)).Average();
    }
}
