using System.Numerics;

namespace Rvq.Search;

/// <summary>Scatters codes to a caller's layout, and looks up the codewords of codes in such a layout.</summary>
internal static unsafe class CodeCopy
{
    /// <summary>Writes codes [count, rows.RowLength] to rows first…first + count − 1.</summary>
    public static void Scatter<TCode>(int* source, TCode* destination, in StridedRows rows, long first, int count)
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
    /// The codewords of the codes in rows first…first + count − 1; for −1, which is the largest number when truncated, the row after the
    /// last codeword. The codes were checked before. The limit here keeps accesses in range should their owner change them meanwhile on
    /// another thread.
    /// </summary>
    public static void LookUp<TCode>(
        TCode* source, in StridedRows rows, long first, int count, ReadOnlySpan<CodeColumn> columns, float** destination)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var step = rows.ElementStride;
        fixed (CodeColumn* start = columns)
        {
            var end = start + columns.Length;
            for (var i = 0; i < count; i++)
            {
                var code = source + rows.Offset(first + i);
                for (var column = start; column < end; column++, code += step)
                {
                    var row = Math.Min(uint.CreateTruncating(*code), (uint)column->Size);
                    *destination++ = column->Rows + ((nint)row * column->Stride);
                }
            }
        }
    }
}
