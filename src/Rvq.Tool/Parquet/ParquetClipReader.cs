using System.Globalization;
using System.Numerics;
using System.Numerics.Tensors;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace Rvq.Tool.Parquet;

/// <summary>
/// Reads clips from columns of lists of numbers, as this program writes them and as others do: any width of number, lists or lists of
/// lists of one
/// length. A row group at a time is in memory.
/// </summary>
internal sealed class ParquetClipReader<T> : IDisposable
    where T : unmanaged, INumberBase<T>
{
    // What a row group of one column may have, so that a damaged file cannot ask for all memory: 1 GB of float32.
    private const long MaxValues = 1 << 28;

    private readonly ParquetReader _reader;
    private readonly DataField[] _lists;
    private readonly DataField? _id;

    private ParquetClipReader(ParquetReader reader, DataField[] lists, DataField? id) => (_reader, _lists, _id) = (reader, lists, id);

    /// <summary>What the file says of itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _reader.CustomMetadata;

    /// <summary>The rows of the file.</summary>
    public long RowCount => _reader.Metadata?.NumRows ?? 0;

    /// <summary>The names of the columns of lists that are read.</summary>
    public IEnumerable<string> Columns => _lists.Select(list => list.Path.FirstPart!);

    /// <summary>Opens a file.</summary>
    /// <param name="stream">The file, which can seek; it stays open.</param>
    /// <param name="column">
    /// The column of lists to read; where there is none of that name, the columns <c>{column}_0</c>, <c>{column}_1</c> and so on, or the
    /// only column of such lists.
    /// </param>
    /// <exception cref="InvalidDataException">It is not a Parquet file, or has no such column.</exception>
    public static ParquetClipReader<T> Open(Stream stream, string column) => Guard(() =>
    {
        var reader = ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult();
        var fields = reader.Schema.DataFields;
        var lists = fields.Where(field => field.MaxRepetitionLevel is 1 or 2 && IsNumber(field.ClrType)).ToArray();
        var named = lists.Where(field => field.Path.FirstPart == column).ToArray();
        if (named.Length == 0)
        {
            DataField? Numbered(int i)
                => lists.FirstOrDefault(list => list.Path.FirstPart == $"{column}_{i.ToString(CultureInfo.InvariantCulture)}");
            DataField[] numbered = [.. Enumerable.Range(0, lists.Length).Select(Numbered).TakeWhile(list => list is not null)
                .OfType<DataField>()];
            named = numbered.Length > 0 ? numbered : lists;
            if (numbered.Length == 0 && named.Length != 1)
            {
                throw new InvalidDataException(
                    $"It has {named.Length} columns of lists of {(IsFloat(typeof(T)) ? "floating-point numbers" : "integers")}, none of "
                    + $"which is called '{column}'.");
            }
        }

        var id = fields.FirstOrDefault(field => field.Path.ToString() == ParquetClipWriter<int>.Id && field.MaxRepetitionLevel == 0
            && IsText(field.ClrType));
        return new ParquetClipReader<T>(reader, named, id);
    });

    /// <summary>The clips, row by row; a row's position is its name where the file has no column <c>id</c>.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or has nulls where numbers are expected.</exception>
    public IEnumerable<ParquetClip<T>> ReadAll()
    {
        var row = 0L;
        for (var group = 0; group < _reader.RowGroupCount; group++)
        {
            var (ids, lists) = Guard(() => ReadGroup(group));
            for (var i = 0; i < lists[0].Starts.Length - 1; i++, row++)
            {
                yield return new ParquetClip<T>(
                    ids is null ? row.ToString(CultureInfo.InvariantCulture) : ids[i],
                    [.. lists.Select(list => list.Row(i))],
                    lists[0].Widths?[i]);
            }
        }
    }

    /// <summary>Nothing: the reader holds no more than the stream, which stays open.</summary>
    public void Dispose() => _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private (string[]? Ids, ParquetLists<T>[] Lists) ReadGroup(int index)
    {
        using var group = _reader.OpenRowGroupReader(index);
        var lists = Array.ConvertAll(_lists, field => ReadLists(group, field));
        if (lists.FirstOrDefault(list => list.Starts.Length - 1 != group.RowCount) is { } other)
        {
            throw new InvalidDataException($"Row group {index} claims {group.RowCount} rows, but a column has {other.Starts.Length - 1}.");
        }

        if (_id is null)
        {
            return (null, lists);
        }

        var ids = new string?[group.RowCount];
        group.ReadAsync(_id, ids.AsMemory(), null, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return (Array.ConvertAll(ids, id => id ?? ""), lists);
    }

    private static ParquetLists<T> ReadLists(ParquetRowGroupReader group, DataField field)
    {
        var count = group.GetMetadata(field)?.MetaData?.NumValues ?? 0;
        if (count is < 0 or > MaxValues)
        {
            throw new InvalidDataException($"Column '{field.Path}' claims {count} values in a row group; at most {MaxValues} are read.");
        }

        using var raw = group.ReadRawColumnDataBaseAsync(field, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return ParquetLists<T>.Create(
            Convert(raw, field), raw.DefinitionLevels, raw.RepetitionLevels, field.MaxRepetitionLevel, field.MaxDefinitionLevel,
            field.IsNullable, field.Path.ToString());
    }

    private static T[] Convert(RawColumnData raw, DataField field) => raw switch
    {
        RawColumnData<float> data => Convert(data, field),
        RawColumnData<double> data => Convert(data, field),
        RawColumnData<sbyte> data => Convert(data, field),
        RawColumnData<byte> data => Convert(data, field),
        RawColumnData<short> data => Convert(data, field),
        RawColumnData<ushort> data => Convert(data, field),
        RawColumnData<int> data => Convert(data, field),
        RawColumnData<uint> data => Convert(data, field),
        RawColumnData<long> data => Convert(data, field),
        RawColumnData<ulong> data => Convert(data, field),
        _ => throw new InvalidDataException($"Column '{field.Path}' has values of a kind that is not read."),
    };

    private static T[] Convert<TFrom>(RawColumnData<TFrom> data, DataField field)
        where TFrom : unmanaged, INumberBase<TFrom>
    {
        // The buffer has room for a value at every level; the values that are there lie at its start.
        var values = new T[data.DefinitionLevels.Count(field.MaxDefinitionLevel)];
        try
        {
            TensorPrimitives.ConvertChecked<TFrom, T>(data.Values[..values.Length], values);
        }
        catch (OverflowException)
        {
            throw new InvalidDataException($"Column '{field.Path}' holds an integer that does not fit {typeof(T).Name}.");
        }

        return values;
    }

    private static bool IsNumber(Type type) => IsFloat(typeof(T))
        ? IsFloat(type)
        : type == typeof(sbyte) || type == typeof(byte) || type == typeof(short) || type == typeof(ushort) || type == typeof(int)
        || type == typeof(uint)
            || type == typeof(long) || type == typeof(ulong);

    private static bool IsText(Type type) => type == typeof(string) || type == typeof(ReadOnlyMemory<char>);

    private static bool IsFloat(Type type) => type == typeof(float) || type == typeof(double);

    // The library throws whatever its code runs into where a file is damaged.
    private static TResult Guard<TResult>(Func<TResult> read)
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031 // All that is said is that the file cannot be read.
        catch (Exception exception) when (exception is not (InvalidDataException or OutOfMemoryException))
#pragma warning restore CA1031
        {
            throw new InvalidDataException($"It is not a Parquet file that can be read: {exception.Message}", exception);
        }
    }
}
