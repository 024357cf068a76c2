using System.Numerics.Tensors;
using Rvq.Tool.Files;

namespace Rvq.Tool;

/// <summary>How the vectors of an array lie in it: the array seen as [batch, count, width] whatever the order of its axes.</summary>
internal sealed class VectorLayout
{
    private readonly bool _batched;
    private readonly bool _channelsFirst;
    private readonly long[] _strides;

    private VectorLayout(ReadOnlySpan<long> strides, int batch, int count, int width, bool batched, bool channelsFirst)
    {
        (Batch, Count, Width) = (batch, count, width);
        (_batched, _channelsFirst) = (batched, channelsFirst);
        _strides = strides.ToArray();
    }

    /// <summary>The number of sequences; 1 for an array of two axes.</summary>
    public int Batch { get; }

    /// <summary>The number of vectors of a sequence, along the frame axis.</summary>
    public int Count { get; }

    /// <summary>The length of a vector.</summary>
    public int Width { get; }

    /// <summary>The values of the array.</summary>
    public int Length => checked(Batch * Count * Width);

    /// <summary>The distances of sequences, of vectors and of values in the array.</summary>
    public ReadOnlySpan<long> Strides => _strides;

    /// <summary>The array's own shape.</summary>
    public int[] Shape => (_batched, _channelsFirst) switch
    {
        (false, false) => [Count, Width],
        (false, true) => [Width, Count],
        (true, false) => [Batch, Count, Width],
        (true, true) => [Batch, Width, Count],
    };

    /// <summary>The layout of one sequence, [T, C] or with <paramref name="channelsFirst"/> [C, T].</summary>
    public static VectorLayout Sequence(int count, int width, bool channelsFirst)
        => new(channelsFirst ? [0, 1, count] : [0, width, 1], 1, count, width, batched: false, channelsFirst);

    /// <summary>The layout of sequences, [B, T, C] or with <paramref name="channelsFirst"/> [B, C, T].</summary>
    public static VectorLayout Sequences(int batch, int count, int width, bool channelsFirst)
        => new(channelsFirst ? [(long)count * width, 1, count] : [(long)count * width, width, 1], batch, count, width, batched: true,
            channelsFirst);

    /// <summary>The layout of an array [T, C] or [B, T, C], or with <paramref name="channelsFirst"/> [C, T] or [B, C, T].</summary>
    /// <exception cref="InvalidDataException">The array has another number of axes.</exception>
    public static VectorLayout Of<T>(NpyArray<T> array, bool channelsFirst, string? path)
    {
        if (array.Shape.Length is not (2 or 3))
        {
            throw new InvalidDataException(
                $"{(path is null ? "" : $"{path}: ")}It has {array.Shape.Length} axes; an array of vectors has 2, or 3 with a batch.");
        }

        var batched = array.Shape.Length == 3;
        var (count, width) = channelsFirst ? (^1, ^2) : (^2, ^1);
        var strides = array.Strides;
        return new VectorLayout(
            [batched ? strides[0] : 0, strides[count], strides[width]],
            batched ? array.Shape[0] : 1,
            array.Shape[count],
            array.Shape[width],
            batched,
            channelsFirst);
    }

    /// <summary>An array of other vectors with the axes in the same places, in C order.</summary>
    /// <exception cref="InvalidDataException">It would be longer than an array can be.</exception>
    public VectorLayout With(long count, int width)
    {
        if ((Int128)count * width * Batch > Array.MaxLength)
        {
            throw new InvalidDataException(
                $"The result would have {Batch} × {count} × {width} values; at most {Array.MaxLength} are possible.");
        }

        var size = count * width;
        return new VectorLayout(_channelsFirst ? [size, 1, count] : [size, width, 1], Batch, (int)count, width, _batched, _channelsFirst);
    }

    /// <summary>The first <paramref name="width"/> values of every vector.</summary>
    public VectorLayout Prefix(int width) => new(_strides, Batch, Count, width, _batched, _channelsFirst);

    /// <summary>The values as [batch, count, width], to read.</summary>
    public ReadOnlyTensorSpan<T> View<T>(ReadOnlySpan<T> values) => new(values, Lengths, TensorStrides);

    /// <summary>The values as [batch, count, width], to write.</summary>
    public TensorSpan<T> View<T>(Span<T> values) => new(values, Lengths, TensorStrides);

    /// <summary>The vectors of such an array one after the other.</summary>
    public T[] ToRows<T>(T[] values)
    {
        if (Length == 0 || IsRows)
        {
            return values;
        }

        var rows = new T[Length];
        View<T>(values.AsSpan()).FlattenTo(rows);
        return rows;
    }

    /// <summary>Refuses an array with NaN or an infinity, naming the file and the place.</summary>
    /// <exception cref="InvalidDataException">There is one.</exception>
    public void ThrowIfNotFinite(float[] values, string path)
    {
        if (Length == 0 || TensorPrimitives.IsFiniteAll<float>(values))
        {
            return;
        }

        var rows = ToRows(values);
        var first = Array.FindIndex(rows, value => !float.IsFinite(value));
        var (row, dimension) = Math.DivRem(first, Width);
        var (sequence, frame) = Math.DivRem(row, Count);
        throw new InvalidDataException(
            $"{path}: It holds {rows[first]} at {(Batch > 1 ? $"sequence {sequence}, " : "")}frame {frame}, dimension {dimension}; every "
            + "value must be finite.");
    }

    /// <summary>An array of this layout that has these vectors.</summary>
    public T[] FromRows<T>(T[] rows)
    {
        if (Length == 0 || IsRows)
        {
            return rows;
        }

        var values = new T[Length];
        new ReadOnlyTensorSpan<T>(rows, Lengths).CopyTo(View<T>(values.AsSpan()));
        return values;
    }

    // Arrays are dense, so vectors that lie one after the other do so across the batch as well.
    private bool IsRows => _strides[1] == Width && _strides[2] == 1;

    private nint[] Lengths => [Batch, Count, Width];

    // A tensor's axis of length 1 has the stride 0.
    private nint[] TensorStrides => [.. _strides.Zip(Lengths, (stride, length) => length == 1 ? 0 : (nint)stride)];
}
