namespace Rvq.Tool.Parquet;

/// <summary>The lists of one column of a row group: rows of numbers, or of lists of numbers that are all of one length.</summary>
/// <param name="Values">The numbers of all rows.</param>
/// <param name="Starts">Where each row's numbers start, and the end of the last.</param>
/// <param name="Widths">The length of a row's inner lists, 0 where it has none; null where lists are not nested.</param>
internal sealed record ParquetLists<T>(T[] Values, int[] Starts, int[]? Widths)
{
    /// <summary>The numbers of a row.</summary>
    public T[] Row(int row) => Values[Starts[row]..Starts[row + 1]];

    /// <summary>Finds the rows in Parquet's levels.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="definitions">For every number, and for every list without one, how much of it is there.</param>
    /// <param name="repetitions">For each of those, which list goes on: 0 starts a row, 1 goes on with its list or starts an inner one, 2
    /// goes on with an inner one.</param>
    /// <param name="depth">The lists in which a number lies: 1 or 2.</param>
    /// <param name="present">The definition level of a number that is there.</param>
    /// <param name="nullable">Whether a number may be null, which is one level below.</param>
    /// <param name="name">The column, for errors.</param>
    /// <exception cref="InvalidDataException">A number or an inner list is null, or inner lists differ in length.</exception>
    public static ParquetLists<T> Create(
        T[] values, ReadOnlySpan<int> definitions, ReadOnlySpan<int> repetitions, int depth, int present, bool nullable, string name)
    {
        var (starts, widths, value, inner) = (new List<int>(), new List<int>(), 0, 0);
        for (var i = 0; i < definitions.Length; i++)
        {
            var startsRow = repetitions[i] == 0;
            if (startsRow)
            {
                starts.Add(value);
                widths.Add(0);
            }

            if (startsRow || repetitions[i] < depth)
            {
                inner = 0;
            }

            if (definitions[i] < present)
            {
                var alone = startsRow && (i + 1 == definitions.Length || repetitions[i + 1] == 0);
                if (!alone || (nullable && definitions[i] == present - 1))
                {
                    throw new InvalidDataException(
                        $"Column '{name}' has a null or an empty list among the values of row {starts.Count - 1} of a row group.");
                }

                continue;
            }

            value++;
            inner++;
            var ends = i + 1 == definitions.Length || repetitions[i + 1] < depth;
            if (depth == 2 && ends)
            {
                if (widths[^1] != 0 && widths[^1] != inner)
                {
                    throw new InvalidDataException(
                        $"Column '{name}' has lists of {widths[^1]} and of {inner} values in row {starts.Count - 1} of a row group, where "
                        + "all have one length.");
                }

                widths[^1] = inner;
            }
        }

        if (value != values.Length || starts.Count == 0 != (definitions.Length == 0))
        {
            throw new InvalidDataException($"Column '{name}' has {values.Length} values, but levels for {value}.");
        }

        starts.Add(value);
        return new ParquetLists<T>(values, [.. starts], depth == 2 ? [.. widths] : null);
    }
}
