namespace Rvq.Tool.Corpus;

/// <summary>Fills rows of a clip from a position on; positions rise from call to call.</summary>
/// <param name="first">The first row.</param>
/// <param name="rows">Receives whole rows.</param>
internal delegate void RowReader<T>(int first, Span<T> rows);

/// <summary>A sequence of frames or codes that is read in parts, so that its length does not matter.</summary>
/// <param name="Id">What it is called.</param>
/// <param name="Count">The rows: frames, or blocks of codes.</param>
/// <param name="Width">The values of a row.</param>
/// <param name="Step">The rows that are best read at a time.</param>
/// <param name="Read">Reads rows.</param>
internal sealed record Clip<T>(string Id, int Count, int Width, int Step, RowReader<T> Read)
{
    // 4 MB of float32.
    private const int ValuesPerStep = 1 << 20;

    /// <summary>A clip that is read in parts of a few megabytes.</summary>
    public Clip(string id, int count, int width, RowReader<T> read)
        : this(id, count, width, StepOf(width), read)
    {
    }

    /// <summary>A clip that is in memory.</summary>
    public Clip(string id, T[] rows, int width)
        : this(id, width == 0 ? 0 : rows.Length / width, width, (first, part) => rows.AsSpan(first * width, part.Length).CopyTo(part))
    {
    }

    /// <summary>The rows of some values that are best read at a time.</summary>
    public static int StepOf(long valuesPerRow) => (int)Math.Max(1, ValuesPerStep / Math.Max(1, valuesPerRow));

    /// <summary>The clip part by part, each with the position of its first row, in an array that the next part may take.</summary>
    public IEnumerable<(int First, T[] Rows)> Parts(CancellationToken cancellation)
    {
        T[]? part = null;
        for (var first = 0; first < Count; first += Step)
        {
            cancellation.ThrowIfCancellationRequested();
            var length = Math.Min(Step, Count - first) * Width;
            part = part?.Length == length ? part : new T[length];
            Read(first, part);
            yield return (first, part);
        }
    }

    /// <summary>All rows, one after the other.</summary>
    /// <exception cref="InvalidDataException">They do not fit an array.</exception>
    public T[] ReadAll()
    {
        if ((long)Count * Width > Array.MaxLength)
        {
            throw new InvalidDataException($"Clip '{Id}' has {Count} × {Width} values; at most {Array.MaxLength} are possible.");
        }

        var rows = new T[Count * Width];
        for (var first = 0; first < Count; first += Step)
        {
            Read(first, rows.AsSpan(first * Width, Math.Min(Step, Count - first) * Width));
        }

        return rows;
    }
}
