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
            Gather(source.Halves, rows, first, count, scratch.GatheredHalves, stride, scratch.Offsets);
            TensorPrimitives.ConvertToSingle(
                new ReadOnlySpan<Half>(scratch.GatheredHalves, count * stride), new Span<float>(scratch.Gathered, count * stride));
        }
        else if (scratch.Beam is null && rows.IsDense && rows.RowLength == stride)
        {
            scratch.Frames = source.Floats + rows.Offset(first);
        }
        else
        {
            Gather(source.Floats, rows, first, count, scratch.Gathered, stride, scratch.Offsets);
        }
    }

    /// <summary>Gathers rows first…first + count − 1 into [count, stride]; the padding beyond a row's end is not written.</summary>
    public static void Gather<T>(T* source, in StridedRows rows, long first, int count, T* destination, int stride, nint* offsets)
        where T : unmanaged
    {
        var step = rows.ElementStride;
        for (var row = 0; row < count; row++)
        {
            offsets[row] = rows.Offset(first + row);
            if (step == 1)
            {
                var target = new Span<T>(destination + ((nint)row * stride), rows.RowLength);
                new ReadOnlySpan<T>(source + offsets[row], rows.RowLength).CopyTo(target);
            }
        }

        // Channels first: neighboring rows are next to each other in memory, so a block of them is transposed dimension by dimension.
        for (var i = 0; i < rows.RowLength && step != 1; i++)
        {
            var column = source + (i * step);
            for (var row = 0; row < count; row++)
            {
                destination[((nint)row * stride) + i] = column[offsets[row]];
            }
        }
    }

    /// <summary>Scatters [count, stride] to rows first…first + count − 1.</summary>
    public static void Scatter(float* source, int stride, float* destination, in StridedRows rows, long first, int count, nint* offsets)
    {
        var step = rows.ElementStride;
        for (var row = 0; row < count; row++)
        {
            offsets[row] = rows.Offset(first + row);
            if (step == 1)
            {
                var target = new Span<float>(destination + offsets[row], rows.RowLength);
                new ReadOnlySpan<float>(source + ((nint)row * stride), rows.RowLength).CopyTo(target);
            }
        }

        for (var i = 0; i < rows.RowLength && step != 1; i++)
        {
            var column = destination + (i * step);
            for (var row = 0; row < count; row++)
            {
                column[offsets[row]] = source[((nint)row * stride) + i];
            }
        }
    }
}
