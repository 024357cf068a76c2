using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>Which frames of a view […, T, D] count: the first so many of each item. They are worked on as dense rows [Count, D].</summary>
internal sealed class FrameLayout
{
    /// <summary>What callers call the view.</summary>
    public static readonly string ArgumentName = "frames";

    // For each row the frame it comes from, or null where every frame counts.
    private readonly int[]? _frames;

    private FrameLayout(int total, int[]? frames)
    {
        Total = total;
        _frames = frames;
    }

    /// <summary>All frames, those of padding among them.</summary>
    public int Total { get; }

    /// <summary>The frames that count.</summary>
    public int Count => _frames?.Length ?? Total;

    /// <summary>The layout of frames without padding.</summary>
    public static FrameLayout Dense(int count) => new(count, null);

    /// <param name="shape">The lengths of the view's axes.</param>
    /// <param name="lengths">How many frames of each item count, or none where all do.</param>
    /// <param name="dimensions">D, which the last axis must have.</param>
    /// <exception cref="ArgumentException">A shape or lengths that do not fit.</exception>
    public static FrameLayout Of(ReadOnlySpan<nint> shape, ReadOnlySpan<int> lengths, int dimensions)
    {
        if (shape.Length is < 2 or > StridedRows.MaxRank)
        {
            throw new ArgumentException(
                $"frames has {shape.Length} axes; […, T, D] with 2 to {StridedRows.MaxRank} is needed.", ArgumentName);
        }

        if (shape[^1] != dimensions)
        {
            throw new ArgumentException($"frames has a last axis of {shape[^1]}, but {dimensions} dimensions are needed.", ArgumentName);
        }

        var (items, frames) = (1L, (long)shape[^2]);
        foreach (var length in shape[..^2])
        {
            items *= length;
        }

        if (items * frames > Array.MaxLength / dimensions)
        {
            throw new ArgumentException(
                $"frames has {items} × {frames} × {dimensions} values, but at most {Array.MaxLength} can be held.", ArgumentName);
        }

        return new FrameLayout((int)(items * frames), lengths.IsEmpty ? null : FramesOf(lengths, items, (int)frames));
    }

    /// <summary>The frames that count, as rows; refuses NaN and infinity in them, whatever the padding holds.</summary>
    public float[] Gather(in ReadOnlyTensorSpan<float> frames, int dimensions)
    {
        var dense = new float[Total * dimensions];
        frames.FlattenTo(dense);
        var rows = dense;
        if (_frames is not null)
        {
            rows = new float[Count * dimensions];
            for (var row = 0; row < Count; row++)
            {
                dense.AsSpan(_frames[row] * dimensions, dimensions).CopyTo(rows.AsSpan(row * dimensions));
            }
        }

        ThrowIfNotFinite(rows, dimensions);
        return rows;
    }

    /// <summary>The frame that a row comes from.</summary>
    public int FrameOf(int row) => _frames?[row] ?? row;

    /// <summary>Writes rows [Count, width] to their frames, and <paramref name="padding"/> to the others.</summary>
    public void Scatter<T>(ReadOnlySpan<T> rows, int width, T padding, in TensorSpan<T> destination)
    {
        var dense = new T[Total * width];
        if (_frames is null)
        {
            rows.CopyTo(dense);
        }
        else
        {
            Array.Fill(dense, padding);
            for (var row = 0; row < Count; row++)
            {
                rows.Slice(row * width, width).CopyTo(dense.AsSpan(_frames[row] * width));
            }
        }

        new ReadOnlyTensorSpan<T>(dense, destination.Lengths).CopyTo(destination);
    }

    /// <summary>
    /// Refuses a destination of another shape than the frames with a last axis of <paramref name="width"/>, or one that writes over
    /// itself.
    /// </summary>
    public static void CheckDestination<T>(in TensorSpan<T> destination, ReadOnlySpan<nint> frames, int width, string name)
    {
        if (destination.Lengths.Length != frames.Length || destination.Lengths[^1] != width
            || !destination.Lengths[..^1].SequenceEqual(frames[..^1]))
        {
            throw new ArgumentException(
                $"{name} has the shape [{string.Join(", ", destination.Lengths.ToArray())}], but "
                    + $"[{string.Join(", ", frames[..^1].ToArray())}, {width}] is needed.", name);
        }

        Argument.ThrowIfSelfOverlapping(new StridedRows(destination.Lengths, destination.Strides), name);
    }

    private static int[] FramesOf(ReadOnlySpan<int> lengths, long items, int frames)
    {
        if (lengths.Length != items)
        {
            throw new ArgumentException($"lengths has {lengths.Length} values, but frames has {items} items.", nameof(lengths));
        }

        var counted = new List<int>();
        for (var item = 0; item < lengths.Length; item++)
        {
            if (lengths[item] < 0 || lengths[item] > frames)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(lengths), lengths[item], $"Item {item} has {frames} frames, but lengths says {lengths[item]}.");
            }

            counted.AddRange(Enumerable.Range(item * frames, lengths[item]));
        }

        return [.. counted];
    }

    private void ThrowIfNotFinite(float[] rows, int dimensions)
    {
        var index = rows.Length == 0 || TensorPrimitives.IsFiniteAll<float>(rows)
            ? -1 : Array.FindIndex(rows, value => !float.IsFinite(value));
        if (index >= 0)
        {
            throw new ArgumentException(
                $"frames holds {rows[index]} at frame {FrameOf(index / dimensions)}, dimension {index % dimensions}; every value must "
                    + "be finite.", ArgumentName);
        }
    }
}
