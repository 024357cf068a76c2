using System.Runtime.CompilerServices;
using Rvq.Search;

namespace Rvq.Training;

/// <summary>
/// The members of every cluster among some rows, sorted stably by code, so that each cluster can be summed by a thread of its own.
/// </summary>
/// <param name="size">The clusters.</param>
/// <param name="capacity">The largest number of rows.</param>
internal sealed class Clusters(int size, int capacity)
{
    private readonly int[] _members = new int[capacity];
    private readonly int[] _starts = new int[size + 1];
    private readonly int[] _next = new int[size];

    public ReadOnlySpan<int> this[int code] => _members.AsSpan(_starts[code].._starts[code + 1]);

    /// <param name="codes">The codes of rows in a row.</param>
    /// <param name="first">The first of those rows.</param>
    [MethodImpl(InnerLoop.Options)]
    public void Sort(ReadOnlySpan<int> codes, int first)
    {
        Array.Clear(_starts);
        foreach (var code in codes)
        {
            _starts[code + 1]++;
        }

        for (var code = 0; code < size; code++)
        {
            _starts[code + 1] += _starts[code];
        }

        _starts.AsSpan(0, size).CopyTo(_next);
        for (var i = 0; i < codes.Length; i++)
        {
            _members[_next[codes[i]]++] = first + i;
        }
    }
}
