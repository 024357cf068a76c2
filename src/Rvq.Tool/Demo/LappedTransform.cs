using System.Numerics.Tensors;
using NWaves.Transforms;

namespace Rvq.Tool.Demo;

/// <summary>
/// Sound to frames and back by the modified discrete cosine transform: every frame of Size values covers 2 × Size samples under a sine
/// window and overlaps the next by half. Scaled so that it is orthonormal: what quantization adds to the frames is what it adds to the
/// sound.
/// </summary>
internal sealed class LappedTransform
{
    private readonly FastMdct _transform;
    private readonly float[] _window;

    /// <summary>Prepares a transform.</summary>
    /// <param name="size">The values of a frame and the samples from one frame to the next, a power of two.</param>
    public LappedTransform(int size)
    {
        Size = size;
        _transform = new FastMdct(size);
        _window = new float[2 * size];
        for (var i = 0; i < _window.Length; i++)
        {
            _window[i] = (float)Math.Sin(Math.PI * (i + 0.5) / _window.Length);
        }
    }

    /// <summary>The values of a frame.</summary>
    public int Size { get; }

    /// <summary>The frames that cover that many samples.</summary>
    public int FrameCount(int sampleCount) => ((sampleCount + Size - 1) / Size) + 1;

    /// <summary>The frames of a sound, row-major [T, Size], which starts <paramref name="offset"/> samples late, in [0, Size).</summary>
    public float[] Analyze(ReadOnlySpan<float> samples, int offset = 0)
    {
        samples = samples[Math.Min(offset, samples.Length)..];
        var frames = new float[FrameCount(samples.Length) * Size];
        var (block, frame) = (new float[2 * Size], new float[Size]);
        for (var start = 0; start < frames.Length; start += Size)
        {
            // Frame t covers the samples from (t − 1) × Size on; beyond both ends there is silence.
            block.AsSpan().Clear();
            var (from, to) = (Math.Max(start - Size, 0), Math.Min(start + Size, samples.Length));
            samples[Math.Min(from, to)..to].CopyTo(block.AsSpan(from - start + Size));
            TensorPrimitives.Multiply(block, _window, block);
            _transform.DirectNorm(block, frame);

            // The library's normalised transform is half an orthonormal one; its inverse is the orthonormal one's.
            TensorPrimitives.Multiply(frame, 2, frames.AsSpan(start, Size));
        }

        return frames;
    }

    /// <summary>The first <paramref name="sampleCount"/> samples of the sound that has these frames.</summary>
    public float[] Synthesize(ReadOnlySpan<float> frames, int sampleCount)
    {
        var sound = new float[frames.Length + Size];
        var (block, frame) = (new float[2 * Size], new float[Size]);
        for (var start = 0; start < frames.Length; start += Size)
        {
            frames.Slice(start, Size).CopyTo(frame);
            _transform.InverseNorm(frame, block);
            var target = sound.AsSpan(start, 2 * Size);
            TensorPrimitives.MultiplyAdd(block, _window, target, target);
        }

        return sound[Size..(Size + sampleCount)];
    }
}
