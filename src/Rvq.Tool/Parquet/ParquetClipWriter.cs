using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace Rvq.Tool.Parquet;

/// <summary>
/// Writes clips as rows of a Parquet file: <c>id</c>, <c>frame_count</c>, and one or several columns of lists. Rows are written in groups,
/// so that
/// memory stays small whatever the number of clips. Integers are stored as differences of few bits (DELTA_BINARY_PACKED), which is as
/// small for codes
/// as anything that this library writes fast: compressing them further would take twice the time for less than one percent.
/// </summary>
internal sealed class ParquetClipWriter<T>
    where T : struct
{
    /// <summary>The column of the clips' names.</summary>
    public const string Id = "id";

    /// <summary>The column of the clips' numbers of frames.</summary>
    public const string FrameCount = "frame_count";

    // 250 clips of ten seconds of EnCodec at 6 kbit/s: large enough for the format's overhead to vanish, and 20 MB in memory.
    private const int ValuesPerGroup = 1_500_000;
    private const int RowsPerGroup = 1 << 16;

    private readonly CancellationToken _cancellation;
    private readonly DataField<string> _id = new(Id, nullable: false);
    private readonly DataField<int> _frameCount = new(FrameCount, nullable: false);
    private readonly ListColumn<T>[] _columns;
    private readonly List<string> _ids = [];
    private readonly List<int> _counts = [];
    private readonly ParquetWriter _writer;
    private long _valueCount;

    /// <summary>Starts a file.</summary>
    /// <param name="stream">Where to write; it stays open.</param>
    /// <param name="columns">The names of the columns of lists.</param>
    /// <param name="metadata">What the file says of itself.</param>
    /// <param name="cancellation">Stops the writing.</param>
    public ParquetClipWriter(
        Stream stream, IEnumerable<string> columns, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        _columns = [.. columns.Select(name => new ListColumn<T>(name))];
        var schema = new ParquetSchema([_id, _frameCount, .. _columns.Select(column => column.Field)]);
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.None, CompressionLevel = CompressionLevel.Fastest };
        if (typeof(T) == typeof(int))
        {
            foreach (var column in _columns)
            {
                options.ColumnEncodingHints[column.Elements.Path.ToString()] = EncodingHint.DeltaBinaryPacked;
            }
        }

        _writer = ParquetWriter.CreateAsync(schema, stream, options, cancellationToken: cancellation).GetAwaiter().GetResult();
        _writer.CustomMetadata = metadata;
    }

    /// <summary>Adds a clip, with one list for each column.</summary>
    public void Write(string id, int frameCount, params ReadOnlySpan<T[]> lists)
    {
        if (lists.Length != _columns.Length)
        {
            throw new ArgumentException($"lists has length {lists.Length}, but there are {_columns.Length} columns.", nameof(lists));
        }

        var added = 0L;
        foreach (var list in lists)
        {
            added += list.Length;
        }

        if (_valueCount > 0 && _valueCount + added > ValuesPerGroup)
        {
            WriteGroup();
        }

        _valueCount += added;
        _ids.Add(id);
        _counts.Add(frameCount);
        for (var i = 0; i < lists.Length; i++)
        {
            _columns[i].Add(lists[i]);
        }

        if (_ids.Count == RowsPerGroup)
        {
            WriteGroup();
        }
    }

    /// <summary>
    /// Writes what waits and the file's end, without which it cannot be read. There is no disposal: this library's own writes that end in
    /// any case,
    /// so that half a file would look whole.
    /// </summary>
    public void Complete()
    {
        if (_ids.Count > 0)
        {
            WriteGroup();
        }

        _writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void WriteGroup() => WriteGroupAsync().GetAwaiter().GetResult();

    private async Task WriteGroupAsync()
    {
        _cancellation.ThrowIfCancellationRequested();
        using var group = _writer.CreateRowGroup();
        await group.WriteAsync(_id, _ids).ConfigureAwait(false);
        await group.WriteAsync<int>(_frameCount, _counts.ToArray(), cancellationToken: _cancellation).ConfigureAwait(false);
        foreach (var column in _columns)
        {
            await column.WriteAsync(group, _cancellation).ConfigureAwait(false);
        }

        group.CompleteValidate();
        _valueCount = 0;
        _ids.Clear();
        _counts.Clear();
    }
}
