namespace Rvq.Training;

/// <summary>
/// An even sample of rows, each once: those with the smallest keys, which are hashes of the rows. The samples of parts, added, are the
/// sample of the
/// whole, in whatever order they come. Rows are sorted by key.
/// </summary>
internal sealed class RowSample(int capacity, int width)
{
    private ulong[] _keys = [];
    private float[] _rows = [];
    private int _count;
    private bool _sorted = true;
    private ulong _limit = ulong.MaxValue;

    /// <summary>The rows kept, at most the capacity.</summary>
    public int Count
    {
        get
        {
            Sort();
            return _count;
        }
    }

    /// <summary>The keys of the rows kept, ascending.</summary>
    public ReadOnlySpan<ulong> Keys
    {
        get
        {
            Sort(); // first, since it replaces the arrays
            return _keys.AsSpan(0, _count);
        }
    }

    /// <summary>The rows kept, [Count, width].</summary>
    public ReadOnlySpan<float> Rows
    {
        get
        {
            Sort();
            return _rows.AsSpan(0, _count * width);
        }
    }

    public ReadOnlySpan<float> this[int index] => Rows.Slice(index * width, width);

    public void Add(ulong key, ReadOnlySpan<float> row)
    {
        if (key > _limit || capacity == 0)
        {
            return;
        }

        if (_count == _keys.Length)
        {
            Sort();
            if (_count == _keys.Length)
            {
                var room = (int)Math.Min(Math.Max(64, 2L * _count), 2L * capacity);
                Array.Resize(ref _keys, room);
                Array.Resize(ref _rows, room * width);
            }
        }

        _keys[_count] = key;
        row.CopyTo(_rows.AsSpan(_count++ * width));
        _sorted = false;
    }

    /// <summary>Adds the rows of another sample.</summary>
    public void Add(RowSample other)
    {
        for (var i = 0; i < other.Count; i++)
        {
            Add(other.Keys[i], other[i]);
        }
    }

    public void Write(Stream stream)
    {
        LittleEndian.Write<int>(stream, [Count]);
        LittleEndian.Write(stream, Keys);
        LittleEndian.Write(stream, Rows);
    }

    /// <exception cref="InvalidDataException">More rows than there can be, or a value that is not finite.</exception>
    public void Read(Stream stream)
    {
        var count = LittleEndian.ReadOne<int>(stream);
        if (count < 0 || count > capacity || count * (sizeof(ulong) + ((long)width * sizeof(float))) > stream.Length - stream.Position)
        {
            throw new InvalidDataException($"A sample of {count} rows, where at most {capacity} of {width} values are kept.");
        }

        (_keys, _rows, _count, _sorted) = (new ulong[count], new float[count * width], count, false);
        LittleEndian.Read<ulong>(stream, _keys);
        LittleEndian.Read<float>(stream, _rows);
        if (count > 0 && !System.Numerics.Tensors.TensorPrimitives.IsFiniteAll<float>(_rows))
        {
            throw new InvalidDataException("A sampled row holds a value that is not finite.");
        }
    }

    // Sorts by key and values, drops repeats and what is beyond the capacity.
    private void Sort()
    {
        if (_sorted)
        {
            return;
        }

        var order = Enumerable.Range(0, _count).ToArray();
        Array.Sort(order, (x, y) => _keys[x].CompareTo(_keys[y]) is var byKey && byKey != 0
            ? byKey
            : RowHash.Compare(_rows.AsSpan(x * width, width), _rows.AsSpan(y * width, width)));
        var (keys, rows, kept) = (new ulong[_keys.Length], new float[_rows.Length], 0);
        foreach (var index in order)
        {
            var row = _rows.AsSpan(index * width, width);
            var repeated = kept > 0 && keys[kept - 1] == _keys[index] && RowHash.Compare(rows.AsSpan((kept - 1) * width, width), row) == 0;
            if (!repeated && kept < capacity)
            {
                keys[kept] = _keys[index];
                row.CopyTo(rows.AsSpan(kept++ * width));
            }
        }

        (_keys, _rows, _count, _sorted) = (keys, rows, kept, true);
        _limit = kept == capacity && kept > 0 ? keys[kept - 1] : ulong.MaxValue;
    }
}
