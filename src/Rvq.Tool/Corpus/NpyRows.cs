using Rvq.Checkpoints;
using Rvq.Tool.Files;

namespace Rvq.Tool.Corpus;

/// <summary>
/// Rows of an .npy file, read where they lie, whatever the order of its axes: no more of the file is in memory than is asked for. One
/// thread at a time reads.
/// </summary>
internal sealed class NpyRows<T> : IDisposable
    where T : unmanaged
{
    private const int BufferBytes = 1 << 16;

    private readonly Stream _stream;
    private readonly NpyHeader _header;
    private readonly NpyConverter<T> _convert;
    private readonly long _start;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly T[] _values = new T[BufferBytes];

    // The stream can seek and stands at the first value.
    private NpyRows(Stream stream, NpyHeader header, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor, string? name)
    {
        NpyReader.CheckLength(stream, header);
        Layout = VectorLayout.Of(new NpyArray<T>([], header.Shape, header.FortranOrder), channelsFirst, name);
        (_stream, _header, _convert, _start) = (stream, header, converterFor(header), stream.Position);
    }

    /// <summary>How the rows lie.</summary>
    public VectorLayout Layout { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is not an .npy file of such values, or its length does not fit its header.</exception>
    public static NpyRows<T> Open(string path, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
    {
        var file = File.OpenRead(path);
        try
        {
            if (!file.CanSeek)
            {
                using (file)
                {
                    return Unpack(file, channelsFirst, converterFor);
                }
            }

            return new NpyRows<T>(file, NpyHeader.Read(file), channelsFirst, converterFor, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes a file out of a stream that cannot seek: into memory, or into a temporary file where it is large.</summary>
    /// <param name="packed">The stream, which stays open.</param>
    /// <param name="channelsFirst">Whether the frame axis comes last.</param>
    /// <param name="converterFor">Makes values of its kind.</param>
    /// <exception cref="InvalidDataException">As of <see cref="Open"/>.</exception>
    public static NpyRows<T> Unpack(Stream packed, bool channelsFirst, Func<NpyHeader, NpyConverter<T>> converterFor)
    {
        var header = NpyHeader.Read(packed);
        var values = Spool.Copy(packed, (long)header.Count * header.ItemSize, "What follows its header");
        try
        {
            values.Position = 0;
            return new NpyRows<T>(values, header, channelsFirst, converterFor, name: null);
        }
        catch
        {
            values.Dispose();
            throw;
        }
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

    public void Dispose() => _stream.Dispose();

    private void ReadDense(long index, Span<T> values)
    {
        _stream.Position = _start + (index * _header.ItemSize);
        while (!values.IsEmpty)
        {
            var bytes = _buffer.AsSpan(0, (int)Math.Min((long)values.Length * _header.ItemSize, BufferBytes));
            var read = _stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read < bytes.Length)
            {
                throw new InvalidDataException($"It was cut off at byte {_stream.Position} while it was read.");
            }

            var items = bytes.Length / _header.ItemSize;
            NpyReader.Convert(bytes, _header, _convert, values[..items]);
            values = values[items..];
        }
    }
}
