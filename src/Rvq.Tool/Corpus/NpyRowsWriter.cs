using Rvq.Tool.Files;

namespace Rvq.Tool.Corpus;

/// <summary>
/// Writes the rows of an .npy file where they belong, whatever the order of its axes; the file can seek unless vectors lie one after the
/// other.
/// </summary>
internal sealed class NpyRowsWriter<T>
    where T : unmanaged
{
    private readonly Stream _stream;
    private readonly VectorLayout _layout;
    private readonly NpyElement<T> _element;
    private readonly long _start;

    public NpyRowsWriter(Stream stream, VectorLayout layout, NpyElement<T> element)
    {
        (_stream, _layout, _element) = (stream, layout, element);
        NpyWriter.WriteHeader(stream, layout.Shape, element);
        if (!IsDense)
        {
            stream.Flush();
            _start = stream.Position;
        }
    }

    private bool IsDense => _layout.Strides[1] == _layout.Width && (_layout.Strides[2] == 1 || _layout.Width == 1);

    /// <summary>Writes rows of a sequence.</summary>
    public void Write(int batch, int first, ReadOnlySpan<T> rows)
    {
        if (IsDense)
        {
            NpyWriter.WriteValues(_stream, rows, _element);
            return;
        }

        var strides = _layout.Strides;
        var width = _layout.Width;
        var column = new T[rows.Length / width];
        for (var value = 0; value < width; value++)
        {
            for (var i = 0; i < column.Length; i++)
            {
                column[i] = rows[(i * width) + value];
            }

            // Frames of one value of the vector lie next to each other: C order, as this program writes.
            _stream.Position = _start + (((batch * strides[0]) + (first * strides[1]) + (value * strides[2])) * _element.Size);
            NpyWriter.WriteValues(_stream, column, _element);
        }
    }
}
