namespace Rvq.Streams;

/// <summary>
/// The bytes of a stream that have come and are not used up, with their offset. It grows with what has come, so that a stated length
/// alone costs no memory.
/// </summary>
internal sealed class RvqBuffer(bool readAhead)
{
    private const int InitialLength = 1 << 12;

    private byte[] _buffer = new byte[InitialLength];
    private int _start;
    private int _end;
    private int _wanted;
    private bool _ended;

    /// <summary>Where in the stream <see cref="Available"/> starts.</summary>
    public long Offset { get; private set; }

    public ReadOnlySpan<byte> Available => _buffer.AsSpan(_start, _end - _start);

    /// <summary>The bytes ahead that nobody wants; the caller may skip them in the stream instead of reading them.</summary>
    public long Skip { get; set; }

    /// <summary>Where the next bytes of the stream go: no more than are wanted, unless it may read ahead.</summary>
    public Memory<byte> GetSpace()
    {
        if (_start > 0)
        {
            Available.CopyTo(_buffer);
            (_end, _start) = (_end - _start, 0);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        return _buffer.AsMemory(_end, Math.Min(readAhead ? int.MaxValue : _wanted - _end, _buffer.Length - _end));
    }

    /// <summary>Says how many bytes have come; 0 at the end of the stream.</summary>
    public void Filled(int count)
    {
        _end += count;
        _ended = count == 0;
    }

    /// <summary>Says that bytes of <see cref="Skip"/> were skipped in the stream.</summary>
    public void Skipped(long count)
    {
        Skip -= count;
        Offset += count;
    }

    /// <summary>Whether so many bytes are there. If not, "" asks for more of them, or a text says that the stream ends.</summary>
    public bool Has(int count, out string fault)
    {
        _wanted = count;
        fault = _ended ? $"the stream ends {_end - _start} bytes later, where {count} are due" : "";
        return _end - _start >= count;
    }

    /// <summary>Uses up bytes that are there.</summary>
    public void Advance(int count)
    {
        _start += count;
        Offset += count;
    }

    /// <summary>Uses up what is to be skipped; false while more of it has to come.</summary>
    public bool TrySkip()
    {
        var count = (int)Math.Min(Skip, _end - _start);
        Advance(count);
        Skip = _ended ? 0 : Skip - count;
        _wanted = (int)Math.Min(Skip, InitialLength);
        return Skip == 0;
    }

    /// <summary>
    /// Goes to the next place behind this one that starts with a pattern, or as near as possible; false at the end of the stream.
    /// </summary>
    public bool Search(ReadOnlySpan<byte> pattern)
    {
        if (_end > _start)
        {
            Advance(1);
        }

        var found = Available.IndexOf(pattern);
        Advance(found >= 0 ? found : Math.Max(0, _end - _start - pattern.Length + 1));
        return found >= 0 || !_ended;
    }
}
