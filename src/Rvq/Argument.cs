using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq;

/// <summary>Checks shared by the public edge.</summary>
internal static unsafe partial class Argument
{
    /// <summary>Refuses NaN and infinity, naming the row and the position in it.</summary>
    public static void ThrowIfNotFinite(ReadOnlySpan<float> values, int rowLength, string name, string row)
    {
        if (!values.IsEmpty && !TensorPrimitives.IsFiniteAll(values))
        {
            ThrowNotFinite(values, rowLength, 0, name, row);
        }
    }

    /// <summary>The same for frames first…first + count − 1 gathered into padded rows.</summary>
    public static void ThrowIfNotFinite(float* rows, int stride, long first, int count, string name)
    {
        var values = new ReadOnlySpan<float>(rows, count * stride);
        if (!values.IsEmpty && !TensorPrimitives.IsFiniteAll(values))
        {
            ThrowNotFinite(values, stride, first, name, "frame");
        }
    }

    /// <summary>Refuses a code type that cannot hold the largest code.</summary>
    public static void ThrowIfTooSmall<TCode>(int largestCode, string name)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (long.CreateTruncating(TCode.CreateTruncating(largestCode)) != largestCode)
        {
            throw new ArgumentException(
                $"{name} has elements of type {typeof(TCode).Name}, but the largest codebook has codes up to {largestCode}.", name);
        }
    }

    /// <summary>The number of frames in a buffer of so many values; refuses a remainder and a part of a block.</summary>
    public static int FrameCount<T>(RvqModel model, ReadOnlySpan<T> frames)
    {
        var count = RowCount(frames.Length, model.Dimensions, nameof(frames), "dimensions of a frame");
        ThrowIfNotWholeBlocks(model, count, nameof(frames));
        return count;
    }

    /// <summary>Checks frames […, T, D].</summary>
    public static void CheckFrames(RvqModel model, ReadOnlySpan<nint> frames)
    {
        if (frames.Length is < 2 or > StridedRows.MaxRank)
        {
            throw new ArgumentException(
                $"frames has {frames.Length} axes; […, T, D] with 2 to {StridedRows.MaxRank} is needed.", nameof(frames));
        }

        if (frames[^1] != model.Dimensions)
        {
            throw new ArgumentException(
                $"frames has a last axis of {frames[^1]}, but the model has {model.Dimensions} dimensions"
                    + SwappedAxis(frames, model.Dimensions),
                nameof(frames));
        }

        ThrowIfNotWholeBlocks(model, frames[^2], nameof(frames));
    }

    /// <summary>Checks codes […, T / FramesPerBlock, CodesPerBlock].</summary>
    public static void CheckCodes(RvqModel model, ReadOnlySpan<nint> codes)
    {
        if (codes.Length is < 2 or > StridedRows.MaxRank)
        {
            throw new ArgumentException(
                $"codes has {codes.Length} axes; […, T, N] with 2 to {StridedRows.MaxRank} is needed.", nameof(codes));
        }

        if (codes[^1] != model.CodesPerBlock)
        {
            throw new ArgumentException(
                $"codes has a last axis of {codes[^1]}, but the model gives {model.CodesPerBlock} codes"
                    + SwappedAxis(codes, model.CodesPerBlock),
                nameof(codes));
        }
    }

    /// <summary>Checks frames […, T, D] against codes […, T / FramesPerBlock, CodesPerBlock].</summary>
    public static void CheckShapes(RvqModel model, ReadOnlySpan<nint> frames, ReadOnlySpan<nint> codes)
    {
        CheckFrames(model, frames);
        if (codes.Length != frames.Length)
        {
            throw new ArgumentException($"codes has {codes.Length} axes, but frames has {frames.Length}.", nameof(codes));
        }

        CheckCodes(model, codes);
        if (codes[^2] != frames[^2] / model.FramesPerBlock)
        {
            throw new ArgumentException(
                $"codes has a next to last axis of {codes[^2]}, but {frames[^2]} frames need {frames[^2] / model.FramesPerBlock}.",
                nameof(codes));
        }

        for (var axis = 0; axis < frames.Length - 2; axis++)
        {
            if (frames[axis] != codes[axis])
            {
                throw new ArgumentException(
                    $"codes has length {codes[axis]} on axis {axis}, but frames has {frames[axis]}.", nameof(codes));
            }
        }
    }

    /// <summary>An array for a dense tensor of a shape that comes of the argument of this name.</summary>
    public static T[] NewArray<T>(ReadOnlySpan<nint> shape, string name)
    {
        Int128 length = 1;
        foreach (var axis in shape)
        {
            length = length > Array.MaxLength && axis > 0 ? length : length * axis;
        }

        return length <= Array.MaxLength
            ? new T[(int)length]
            : throw new ArgumentException($"{name} asks for a result of more than {Array.MaxLength} values, which no array holds.", name);
    }

    /// <summary>Where an axis of the expected length stands instead, and which view puts it last: the end of a sentence.</summary>
    private static string SwappedAxis(ReadOnlySpan<nint> lengths, int expected)
    {
        var axis = lengths[..^1].LastIndexOf(expected);
        var view = axis == (lengths.Length == 2 ? 0 : 1) ? nameof(Layouts.ChannelsFirst)
            : axis == 0 ? nameof(Layouts.CodebooksFirst)
            : null;
        var place = axis == lengths.Length - 2 ? "the axis before it" : $"axis {axis}";
        return axis < 0 ? "."
            : view is null ? $"; {place} has length {expected}: are the axes swapped?"
            : $"; {place} has length {expected}: {nameof(Layouts)}.{view}?";
    }

    public static string Describe(RvqModel model, int frames)
        => model.FramesPerBlock == 1
            ? $"{frames} frames of {model.CodebookCount} codebooks"
            : $"{frames} frames in blocks of {model.FramesPerBlock} with {model.CodesPerBlock} codes";

    /// <summary>Refuses a destination in which several elements are one (a stride of zero).</summary>
    public static void ThrowIfSelfOverlapping(in StridedRows rows, string name)
    {
        if (rows.HasBroadcastAxis)
        {
            throw new ArgumentException(
                $"{name} has an axis with a length above 1 and a stride of 0; results would overwrite each other.", name);
        }
    }

    private static void ThrowNotFinite(ReadOnlySpan<float> values, int rowLength, long firstRow, string name, string row)
    {
        var index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        throw new ArgumentException(
            $"{name} holds {values[index]} at {row} {firstRow + (index / rowLength)}, dimension {index % rowLength}; "
                + "every value must be finite.",
            name);
    }
}
