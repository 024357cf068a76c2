using Microsoft.Win32.SafeHandles;
using Rvq.Tool.Files;

namespace Rvq.Tool.Corpus;

/// <summary>
/// Rows of an .npy file, read where they lie, whatever the order of its axes: no more of the file is in memory than is asked for.
/// </summary>
internal sealed class NpyRows<T> : IDisposable
    where T : unmanaged
{
    private const int BufferBytes = 1 << 16;

    private readonly SafeFileHandle _file;
    private readonly NpyHeader _header;
    private readonly NpyConverter<T> _convert;
    private readonly long _start;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly T[] _values = new T[BufferBytes];

    private NpyRows(SafeFileHandle file, NpyHeader header, NpyConverter<T> convert, long start, VectorLayout layout)
        => (_file, _header, _convert, _start, Layout) = (file, header, convert, start, layout);

    /// <summary>How the rows lie.</summary>
    public VectorLayout Layout { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is not an .npy file of such values, or its length does not fit its header.</exception>
    public static NpyRows<T> Open(string path, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
    {
        NpyHeader header;
        long start;
        using (var stream = File.OpenRead(path))
        {
            header = NpyHeader.Read(stream);
            start = stream.Position;
            NpyReader.CheckLength(stream, header);
        }

        var layout = VectorLayout.Of(new NpyArray<T>([], header.Shape, header.FortranOrder), channelsFirst, path);
        return new NpyRows<T>(File.OpenHandle(path), header, converterFor(header), start, layout);
    }

    /// <summary>Reads rows of a sequence.</summary>
    public void Read(int batch, int first, Span<T> rows)
    {
        var strides = Layout.Strides;
        var width = Layout.Width;
        var start = (batch * strides[0]) + (first * strides[1]);
        if (strides[1] == width && (strides[2] == 1 || width == 1))
        {
            ReadDense(start, rows);
            return;
        }

        // Value by value: those of one place in every row lie at one distance from each other, next to each other where channels come
        // first.
        var step = Math.Max(1, BufferBytes / _header.ItemSize / (int)Math.Min(strides[1], BufferBytes));
        var count = rows.Length / width;
        for (var value = 0; value < width; value++)
        {
            for (var done = 0; done < count; done += step)
            {
                var taken = Math.Min(step, count - done);
                var values = _values.AsSpan(0, (int)(((taken - 1) * strides[1]) + 1));
                ReadDense(start + (done * strides[1]) + (value * strides[2]), values);
                for (var i = 0; i < taken; i++)
                {
                    rows[((done + i) * width) + value] = values[(int)(i * strides[1])];
                }
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private void ReadDense(long index, Span<T> values)
    {
        for (var offset = _start + (index * _header.ItemSize); !values.IsEmpty;)
        {
            var bytes = _buffer.AsSpan(0, (int)Math.Min((long)values.Length * _header.ItemSize, BufferBytes));
            for (var filled = 0; filled < bytes.Length;)
            {
                var read = RandomAccess.Read(_file, bytes[filled..], offset + filled);
                filled += read > 0 ? read : throw new InvalidDataException($"It was cut off at byte {offset + filled} while it was read.");
            }

            var items = bytes.Length / _header.ItemSize;
            NpyReader.Convert(bytes, _header, _convert, values[..items]);
            values = values[items..];
            offset += bytes.Length;
        }
    }
}
