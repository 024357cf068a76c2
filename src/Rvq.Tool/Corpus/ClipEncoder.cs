using System.Numerics.Tensors;

namespace Rvq.Tool.Corpus;

/// <summary>Encodes clips; thread-safe.</summary>
/// <param name="model">The model.</param>
/// <param name="beamWidth">As of <see cref="QuantizerOptions"/>.</param>
/// <param name="threads">The threads of all clips that are encoded at a time.</param>
internal sealed class ClipEncoder(RvqModel model, int beamWidth, int threads)
{
    private readonly Quantizer _narrow = new(model, new QuantizerOptions { BeamWidth = beamWidth });
    private readonly Quantizer _wide = new(model, new QuantizerOptions { BeamWidth = beamWidth, MaxDegreeOfParallelism = threads });
    private int _active;

    /// <summary>The model.</summary>
    public RvqModel Model => model;

    /// <summary>The codes of a clip's frames, [blocks, codes per block], encoded as they are read.</summary>
    /// <exception cref="InvalidDataException">The frames do not fit the model. A value that is not finite is found when it is
    /// read.</exception>
    public Clip<int> Encode(Clip<float> clip)
    {
        if (clip.Width != model.Dimensions)
        {
            throw new InvalidDataException(
                $"A frame of '{clip.Id}' has {clip.Width} values, but the model's frames have {model.Dimensions}.");
        }

        if (clip.Count % model.FramesPerBlock != 0)
        {
            throw new InvalidDataException(
                $"'{clip.Id}' has {clip.Count} frames, but the model codes {model.FramesPerBlock} of them together.");
        }

        var perBlock = model.FramesPerBlock * model.Dimensions;
        float[] frames = [];
        return new Clip<int>(
            clip.Id, clip.Count / model.FramesPerBlock, model.CodesPerBlock, Clip<float>.StepOf(perBlock), (first, codes) =>
        {
            var length = codes.Length / model.CodesPerBlock * perBlock;
            frames = frames.Length == length ? frames : new float[length];
            clip.Read(first * model.FramesPerBlock, frames);
            Encode(clip.Id, first * model.FramesPerBlock, frames, codes);
        });
    }

    private void Encode(string id, int first, float[] frames, Span<int> codes)
    {
        ThrowIfNotFinite(id, first, frames, model.Dimensions);

        // One clip alone has all threads; several have one each.
        var active = Interlocked.Increment(ref _active);
        try
        {
            (active == 1 ? _wide : _narrow).Encode<int>(frames, codes);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }

    /// <summary>Refuses frames that have no codes.</summary>
    /// <param name="id">Whose they are.</param>
    /// <param name="first">The position of the first.</param>
    /// <param name="frames">Frames.</param>
    /// <param name="dimensions">The length of a frame.</param>
    /// <exception cref="InvalidDataException">A value is not finite.</exception>
    public static void ThrowIfNotFinite(string id, int first, ReadOnlySpan<float> frames, int dimensions)
    {
        if (TensorPrimitives.IsFiniteAll(frames))
        {
            return;
        }

        for (var i = 0; i < frames.Length; i++)
        {
            if (!float.IsFinite(frames[i]))
            {
                throw new InvalidDataException($"'{id}' has {frames[i]} in frame {first + (i / dimensions)}, dimension {i % dimensions}.");
            }
        }
    }
}
