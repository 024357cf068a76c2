namespace Rvq.Training;

/// <summary>
/// The members of every cluster, sorted stably by code, so that each cluster's sums are taken in frame order by whichever thread
/// gets it: results do not depend on the number of threads.
/// </summary>
internal sealed class Clusters(int size, int frameCount)
{
    private readonly int[] _members = new int[frameCount];
    private readonly int[] _starts = new int[size + 1];

    public ReadOnlySpan<int> this[int code] => _members.AsSpan(_starts[code].._starts[code + 1]);

    public void Sort(ReadOnlySpan<int> codes)
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

        Span<int> next = _starts.AsSpan(0, size).ToArray();
        for (var frame = 0; frame < codes.Length; frame++)
        {
            _members[next[codes[frame]]++] = frame;
        }
    }
}
