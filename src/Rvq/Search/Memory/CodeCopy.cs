using System.Numerics;

namespace Rvq.Search;

/// <summary>Copies codes to a caller's layout, and looks up what the codes there stand for.</summary>
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
    /// The codewords that codes stand for, from rows first…first + count − 1; the row after the last codeword for −1, which is the largest code when truncated.
    /// The codes were found to be in range before; should their owner have changed them since, on another thread, they are held to the columns' rows as well.
    /// </summary>
    public static void LookUp<TCode>(TCode* source, in StridedRows rows, long first, int count, ReadOnlySpan<CodeColumn> columns, float** destination)
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
