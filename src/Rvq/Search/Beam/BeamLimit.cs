using System.Runtime.CompilerServices;

namespace Rvq.Search;

/// <summary>The n-th smallest of the values seen so far.</summary>
internal sealed unsafe class BeamLimit(int capacity)
{
    // Up to this n, a pass over all n places is faster than a binary search.
    private const int MaxBubbled = 12;

    private readonly AlignedBuffer<double> _values = new(capacity);
    private int _wanted;

    /// <summary>The n-th smallest value, or infinity as long as there are fewer.</summary>
    public double Value => _values.Pointer[_wanted - 1];

    /// <summary>Forgets all values and sets n to <paramref name="wanted"/>, which is at least 1.</summary>
    public void Reset(int wanted)
    {
        _wanted = wanted;
        _values.Span[..wanted].Fill(double.PositiveInfinity);
    }

    /// <summary>Adds a value, which is not NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(double value)
    {
        if (_wanted > MaxBubbled)
        {
            Insert(value);
            return;
        }

        // Each place keeps the smaller of two values and passes on the larger: no branch to mispredict.
        var values = _values.Pointer;
        for (nint i = 0; i < _wanted; i++)
        {
            var smaller = double.MinNative(values[i], value);
            value = double.MaxNative(values[i], value);
            values[i] = smaller;
        }
    }

    private void Insert(double value)
    {
        var values = _values.Span[.._wanted];
        if (!(value < values[^1]))
        {
            return;
        }

        var found = values.BinarySearch(value);
        var at = found < 0 ? ~found : found;
        values[at..^1].CopyTo(values[(at + 1)..]);
        values[at] = value;
    }

    /// <summary>The number of values below the n-th smallest.</summary>
    public int CountBelow()
    {
        var values = _values.Pointer;
        var below = 0;
        for (var i = 0; i < _wanted; i++)
        {
            below += values[i] < values[_wanted - 1] ? 1 : 0;
        }

        return below;
    }
}
