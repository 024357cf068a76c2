using System.Buffers;
using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq.Streams;

public sealed partial class RvqReader
{
    private readonly Dictionary<int, Dequantizer> _dequantizers = [];

    /// <summary>Decodes a chunk with the first codebooks of the reader's model.</summary>
    /// <param name="chunk">A chunk of this stream; a gap gives zeros.</param>
    /// <param name="frames">Receives the frames, row-major [T, D]: <see cref="RvqChunk.FrameCount"/> × the model's dimensions.</param>
    /// <exception cref="InvalidOperationException">The reader was opened without a model.</exception>
    /// <exception cref="ArgumentException"><paramref name="frames"/> has another length; nothing is written.</exception>
    public void Decode(RvqChunk chunk, Span<float> frames)
    {
        var model = Model(chunk);
        Argument.ThrowIfNotLength(frames.Length, nameof(frames), chunk.FrameCount, "frames", model.Dimensions, "dimensions");
        Decode(chunk, new TensorSpan<float>(frames, [chunk.FrameCount, model.Dimensions]));
    }

    /// <summary>
    /// Decodes a chunk with the first codebooks of the reader's model into frames of any layout: strides say where they go.
    /// </summary>
    /// <param name="chunk">A chunk of this stream; a gap gives zeros.</param>
    /// <param name="frames">
    /// Receives the frames, shape [T, D], T = <see cref="RvqChunk.FrameCount"/>; axes of length 1 may stand before.
    /// </param>
    /// <exception cref="InvalidOperationException">The reader was opened without a model.</exception>
    /// <exception cref="ArgumentException"><paramref name="frames"/> has another shape; nothing is written.</exception>
    public void Decode(RvqChunk chunk, in TensorSpan<float> frames)
    {
        var model = Model(chunk);
        Argument.ThrowIfNotSequence(frames.Lengths, nameof(frames), chunk.FrameCount, model.Dimensions);
        Argument.ThrowIfSelfOverlapping(new StridedRows(frames.Lengths, frames.Strides), nameof(frames));
        if (chunk.IsGap)
        {
            frames.Clear();
            return;
        }

        if (!_dequantizers.TryGetValue(chunk.CodebookCount, out var dequantizer))
        {
            dequantizer = _dequantizers[chunk.CodebookCount] = new Dequantizer(model.Take(chunk.CodebookCount));
        }

        var codes = ArrayPool<int>.Shared.Rent(chunk.CodeCount);
        chunk.CopyTo(codes.AsSpan(0, chunk.CodeCount));
        if (chunk.EndsEarly || frames.Rank > 2)
        {
            var length = checked(chunk.BlockCount * model.FramesPerBlock * model.Dimensions);
            var whole = ArrayPool<float>.Shared.Rent(length);
            dequantizer.Decode<int>(codes.AsSpan(0, chunk.CodeCount), whole.AsSpan(0, length));
            new ReadOnlyTensorSpan<float>(whole.AsSpan(0, chunk.FrameCount * model.Dimensions), frames.Lengths).CopyTo(frames);
            ArrayPool<float>.Shared.Return(whole);
        }
        else
        {
            dequantizer.Decode(new ReadOnlyTensorSpan<int>(codes.AsSpan(0, chunk.CodeCount), [chunk.BlockCount, chunk.RowLength]), frames);
        }

        ArrayPool<int>.Shared.Return(codes);
    }

    private RvqModel Model(RvqChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        return _model ?? throw new InvalidOperationException("The reader was opened without a model, so that it cannot decode.");
    }
}
