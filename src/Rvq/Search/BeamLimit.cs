namespace Rvq.Search;

/// <summary>The n-th smallest of the values seen so far.</summary>
internal sealed unsafe class BeamLimit(int capacity)
{
    private readonly AlignedBuffer<double> _values = new(capacity);
    private int _wanted;
    private int _count;

    /// <summary>The n-th smallest value, or infinity as long as there are fewer.</summary>
    public double Value => _count < _wanted ? double.PositiveInfinity : _values.Pointer[_count - 1];

    /// <summary>Forgets all values and asks for the <paramref name="wanted"/>-th smallest.</summary>
    public void Reset(int wanted) => (_wanted, _count) = (wanted, 0);

    public void Add(double value)
    {
        var values = _values.Pointer;
        if (_count == _wanted)
        {
            if (!(value < values[_count - 1]))
            {
                return;
            }

            _count--;
        }

        var at = _count++;
        for (; at > 0 && values[at - 1] > value; at--)
        {
            values[at] = values[at - 1];
        }

        values[at] = value;
    }

    /// <summary>How many of the n smallest values are below the n-th.</summary>
    public int CountBelow()
    {
        var below = _count;
        while (below > 0 && _values.Pointer[below - 1] == _values.Pointer[_count - 1])
        {
            below--;
        }

        return below;
    }
}
