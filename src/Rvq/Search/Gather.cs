using System.Numerics;

namespace Rvq.Search;

/// <summary>Copies between a caller's layout and the padded rows of the scratch.</summary>
internal static unsafe class Gather
{
    /// <summary>Copies rows first…first + count − 1 into [count, stride]; what lies beyond a row's end stays as it is.</summary>
    public static void Frames<T>(T* source, in StridedRows rows, long first, int count, T* destination, int stride, nint* offsets)
        where T : unmanaged
    {
        var step = rows.ElementStride;
        for (var row = 0; row < count; row++)
        {
            offsets[row] = rows.Offset(first + row);
            if (step == 1)
            {
                new ReadOnlySpan<T>(source + offsets[row], rows.RowLength).CopyTo(new Span<T>(destination + ((nint)row * stride), rows.RowLength));
            }
        }

        // Channels first: the rows run along memory, so a block of them is transposed dimension by dimension.
        for (var i = 0; i < rows.RowLength && step != 1; i++)
        {
            var column = source + (i * step);
            for (var row = 0; row < count; row++)
            {
                destination[((nint)row * stride) + i] = column[offsets[row]];
            }
        }
    }

    /// <summary>Copies [count, stride] to rows first…first + count − 1.</summary>
    public static void FramesBack(float* source, int stride, float* destination, in StridedRows rows, long first, int count, nint* offsets)
    {
        var step = rows.ElementStride;
        for (var row = 0; row < count; row++)
        {
            offsets[row] = rows.Offset(first + row);
            if (step == 1)
            {
                new ReadOnlySpan<float>(source + ((nint)row * stride), rows.RowLength).CopyTo(new Span<float>(destination + offsets[row], rows.RowLength));
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

    /// <summary>Writes codes [count, rows.RowLength] to rows first…first + count − 1.</summary>
    public static void Codes<TCode>(int* source, TCode* destination, in StridedRows rows, long first, int count)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        for (var row = 0; row < count; row++)
        {
            var target = destination + rows.Offset(first + row);
            for (var i = 0; i < rows.RowLength; i++)
            {
                target[i * rows.ElementStride] = TCode.CreateTruncating(*source++);
            }
        }
    }

    /// <summary>
    /// The codewords that codes stand for, from rows first…first + count − 1; the row after the last codeword for −1, which is the largest code when truncated.
    /// The codes were found to be in range before; should their owner have changed them since, on another thread, they are held to the columns' rows as well.
    /// </summary>
    public static void Codewords<TCode>(TCode* source, in StridedRows rows, long first, int count, ReadOnlySpan<CodeColumn> columns, float** destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var step = rows.ElementStride;
        fixed (CodeColumn* start = columns)
        {
            var end = start + columns.Length;
            for (var row = 0; row < count; row++)
            {
                var code = source + rows.Offset(first + row);
                for (var column = start; column < end; column++, code += step)
                {
                    *destination++ = column->Rows + ((nint)Math.Min(uint.CreateTruncating(*code), (uint)column->Size) * column->Stride);
                }
            }
        }
    }
}
