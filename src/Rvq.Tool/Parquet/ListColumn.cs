using Parquet.Schema;

namespace Rvq.Tool.Parquet;

/// <summary>
/// The rows of a column of lists that wait to be written: the elements of all lists, and Parquet's levels, which say where a list starts.
/// </summary>
internal sealed class ListColumn<T>(string name)
    where T : struct
{
    private T[] _values = [];
    private int[] _definitions = [];
    private int[] _repetitions = [];
    private int _valueCount;
    private int _levelCount;

    /// <summary>The column as the schema has it.</summary>
    public ListField Field { get; } = new(name, new DataField<T>(ListField.ElementName, nullable: false));

    /// <summary>The elements' part of the schema, whose levels are known once the schema is made.</summary>
    public DataField Elements => (DataField)Field.Item;

    /// <summary>Adds a row's list.</summary>
    public void Add(ReadOnlySpan<T> list)
    {
        var levels = Math.Max(list.Length, 1);
        Grow(list.Length, levels);
        list.CopyTo(_values.AsSpan(_valueCount));
        _valueCount += list.Length;

        // An empty list has one pair of levels and no element.
        _definitions.AsSpan(_levelCount, levels).Fill(list.IsEmpty ? Elements.MaxDefinitionLevel - 1 : Elements.MaxDefinitionLevel);
        _repetitions.AsSpan(_levelCount, levels).Fill(Elements.MaxRepetitionLevel);
        _repetitions[_levelCount] = 0;
        _levelCount += levels;
    }

    /// <summary>Writes what waits and forgets it.</summary>
    public async Task WriteAsync(global::Parquet.ParquetRowGroupWriter group, CancellationToken cancellation)
    {
        await group.WriteAllPartsAsync<T>(
            Elements,
            _values.AsMemory(0, _valueCount),
            _definitions.AsMemory(0, _levelCount),
            _repetitions.AsMemory(0, _levelCount),
            cancellation).ConfigureAwait(false);
        (_valueCount, _levelCount) = (0, 0);
    }

    private void Grow(int values, int levels)
    {
        if (_valueCount + (long)values > _values.Length)
        {
            Array.Resize(ref _values, Capacity(_values.Length, _valueCount + (long)values));
        }

        if (_levelCount + (long)levels > _definitions.Length)
        {
            var capacity = Capacity(_definitions.Length, _levelCount + (long)levels);
            Array.Resize(ref _definitions, capacity);
            Array.Resize(ref _repetitions, capacity);
        }
    }

    private static int Capacity(int length, long needed) => (int)Math.Min(Math.Max(2L * length, needed), Array.MaxLength);
}
