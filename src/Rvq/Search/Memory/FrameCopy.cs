using System.Numerics.Tensors;

namespace Rvq.Search;

/// <summary>Copies frames between a caller's layout and the padded rows of the scratch.</summary>
internal static unsafe class FrameCopy
{
    /// <summary>
    /// Takes the frames of a pass: in the caller's memory where that has the scratch's layout, else gathered. Always gathered for a beam,
    /// which reads frames several times: bounds and scores must be of the same values, even if the caller changes them on another thread.
    /// </summary>
    public static void Take(in FrameSource source, long first, int count, EncodeScratch scratch)
    {
        var (rows, stride) = (source.Rows, scratch.FrameStride);
        scratch.Frames = scratch.Gathered;
        if (source.IsHalf)
        {
            Gather(source.Halves, rows, first, count, scratch.GatheredHalves, stride);
            TensorPrimitives.ConvertToSingle(
                new ReadOnlySpan<Half>(scratch.GatheredHalves, count * stride), new Span<float>(scratch.Gathered, count * stride));
        }
        else if (scratch.Beam is null && rows.IsDense && rows.RowLength == stride)
        {
            scratch.Frames = source.Floats + rows.Offset(first);
        }
        else
        {
            Gather(source.Floats, rows, first, count, scratch.Gathered, stride);
        }
    }

    /// <summary>Gathers rows first…first + count − 1 into [count, stride]; the padding beyond a row's end is not written.</summary>
    public static void Gather<T>(T* source, in StridedRows rows, long first, int count, T* destination, int stride)
        where T : unmanaged
    {
        for (int row = 0, some; row < count; row += some, destination += (nint)some * stride)
        {
            var from = source + rows.Offset(first + row);
            some = RowsSideBySide(rows, first + row, count - row);
            if (rows.ElementStride == 1)
            {
                new ReadOnlySpan<T>(from, rows.RowLength).CopyTo(new Span<T>(destination, rows.RowLength));
            }
            else
            {
                Transposition.CopyAlongSource(from, rows.ElementStride, rows.RowLength, some, destination, stride);
            }
        }
    }

    /// <summary>Scatters [count, stride] to rows first…first + count − 1.</summary>
    public static void Scatter(float* source, int stride, float* destination, in StridedRows rows, long first, int count)
    {
        for (int row = 0, some; row < count; row += some, source += (nint)some * stride)
        {
            var to = destination + rows.Offset(first + row);
            some = RowsSideBySide(rows, first + row, count - row);
            if (rows.ElementStride == 1)
            {
                new ReadOnlySpan<float>(source, rows.RowLength).CopyTo(new Span<float>(to, rows.RowLength));
            }
            else
            {
                Transposition.CopyAlongDestination(source, stride, some, rows.RowLength, to, rows.ElementStride);
            }
        }
    }

    /// <summary>
    /// How many rows, up to a count, begin right beside each other, as those of one sequence with channels first do: they are a matrix,
    /// transposed. One where rows are contiguous themselves.
    /// </summary>
    private static int RowsSideBySide(in StridedRows rows, long first, int count)
    {
        var offset = rows.Offset(first);
        var some = 1;
        while (rows.ElementStride != 1 && some < count && rows.Offset(first + some) == offset + some)
        {
            some++;
        }

        return some;
    }
}
