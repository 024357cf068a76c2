namespace Rvq.Checkpoints;

/// <summary>A pickle machine's stack; what lies below the last mark is out of reach.</summary>
internal sealed class PickleStack
{
    private readonly List<object?> _values = [];
    private readonly List<int> _marks = [];

    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    public void Mark() => _marks.Add(_values.Count);

    public void Push(object? value) => _values.Add(value);

    public object? Peek() => _values.Count > Floor ? _values[^1] : throw new InvalidDataException("an operation on an empty stack");

    public T Peek<T>()
        => Peek() is T value ? value : throw new InvalidDataException($"an operation on something that is no {typeof(T).Name}");

    public object? Pop()
    {
        var value = Peek();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    public T Pop<T>()
    {
        var value = Peek<T>();
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    public List<object?> PopLast(int count)
    {
        if (_values.Count - count < Floor)
        {
            throw new InvalidDataException("an operation on too few values");
        }

        var items = _values.GetRange(_values.Count - count, count);
        _values.RemoveRange(_values.Count - count, count);
        return items;
    }

    public List<object?> PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw new InvalidDataException("an operation that needs a mark");
        }

        var items = PopLast(_values.Count - Floor);
        _marks.RemoveAt(_marks.Count - 1);
        return items;
    }
}
