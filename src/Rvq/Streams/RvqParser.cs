namespace Rvq.Streams;

/// <summary>
/// Makes chunks of the bytes of an .rvq stream, wherever they come from: while a call says that bytes are missing, the caller fills <see
/// cref="Buffer"/> and calls again. A strict parser asks for no byte beyond what it needs and throws at the first fault; a recovering one
/// looks for the next record that is sound.
/// </summary>
/// <remarks>
/// The records' readers, in a file of their own, give null when a record is done, "" when bytes are missing, or what is wrong.
/// </remarks>
internal sealed partial class RvqParser(bool recover, bool fillGaps, int? maxCodebooks)
{
    private const int MaxSearch = 4 * RvqFormat.MaxHeaderLength;

    private bool _searching;
    private RvqHeader? _header;
    private uint _headerChecksum;
    private long _nextBlock;
    private long _chunks;
    private long? _length;
    private RvqChunk? _behindGap;

    public RvqBuffer Buffer { get; } = new(readAhead: recover);

    public bool IsComplete { get; private set; }

    /// <summary>The frames of the stream, once it has said so.</summary>
    public long? FrameCount => _length ?? (IsComplete ? _nextBlock * _header!.FramesPerBlock : null);

    public long FramesLost { get; private set; }

    public int FaultCount { get; private set; }

    public string? FirstFault { get; private set; }

    /// <summary>Reads both copies of the header, or returns null while bytes are missing.</summary>
    public RvqHeader? TryReadHeader()
    {
        while (ReadHeader() is { } fault)
        {
            if (fault.Length == 0)
            {
                return null;
            }

            Fault(fault, "The header");
            if (Buffer.Offset > MaxSearch || !Buffer.Search(RvqFormat.Magic))
            {
                throw new InvalidDataException($"No sound .rvq header was found up to offset {Buffer.Offset}. {FirstFault}");
            }
        }

        return _header;
    }

    /// <summary>Reads the next chunk, null at the end; returns false while bytes are missing.</summary>
    public bool TryReadChunk(out RvqChunk? chunk)
    {
        (chunk, _behindGap) = (_behindGap, null);
        while (chunk is null && !IsComplete)
        {
            if (!Buffer.TrySkip())
            {
                return false;
            }

            var fault = ReadRecord(ref chunk);
            if (fault is null)
            {
                _searching = false;
                continue;
            }

            if (fault.Length == 0)
            {
                return false;
            }

            Fault(fault, $"Chunk {_chunks}");
            if (!Buffer.Search(RvqFormat.ChunkMark[..^1]))
            {
                break;
            }
        }

        return true;
    }

    /// <summary>Throws, or counts one fault for all that is wrong up to the next sound record.</summary>
    private void Fault(string fault, string what)
    {
        var text = $"{what} at offset {Buffer.Offset}: {fault}.";
        if (!recover)
        {
            throw new InvalidDataException(text);
        }

        FaultCount += _searching ? 0 : 1;
        FirstFault ??= text;
        _searching = true;
    }
}
