using System.Buffers.Binary;

namespace Rvq.Streams;

/// <summary>
/// Makes chunks of the bytes of an .rvq stream, wherever they come from: while a call says that bytes are missing, the caller fills
/// <see cref="Buffer"/> and calls again. A strict parser asks for no byte beyond what it needs and throws at the first fault; a
/// recovering one looks for the next record that is sound.
/// </summary>
/// <remarks>The parts give null when a record is done, "" when bytes are missing, or what is wrong.</remarks>
internal sealed class RvqParser(bool recover, int? maxCodebooks)
{
    private const int MaxSearch = 4 * RvqFormat.MaxHeaderLength;

    private bool _searching;
    private RvqHeader? _header;
    private uint _headerChecksum;
    private long _nextBlock;
    private long _chunks;

    public RvqBuffer Buffer { get; } = new(readAhead: recover);

    public bool IsComplete { get; private set; }

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
        chunk = null;
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

    private string? ReadHeader()
    {
        if (!Buffer.Has(RvqFormat.HeaderPrefixLength, out var fault)
            || RvqFormat.HeaderLength(Buffer.Available, out fault) is not { } length
            || !Buffer.Has(length, out fault)
            || RvqFormat.Parse(Buffer.Available[..length], out fault) is not { } header
            || (!Buffer.Has(2 * length, out fault) && (fault.Length == 0 || !recover)))
        {
            return fault;
        }

        var first = Buffer.Available[..length];
        var same = Buffer.Available[length..].StartsWith(first);
        if (!same && !recover)
        {
            return "the second copy of the header is not the same as the first";
        }

        _header = header;
        _headerChecksum = BinaryPrimitives.ReadUInt32LittleEndian(first[^RvqFormat.ChecksumLength..]);
        _searching = false;
        Buffer.Advance(same ? 2 * length : length);
        return null;
    }

    private string? ReadRecord(ref RvqChunk? chunk)
        => !Buffer.Has(RvqFormat.MarkLength, out var fault) ? fault
            : Buffer.Available.StartsWith(RvqFormat.ChunkMark) ? ReadChunk(_header!, ref chunk)
            : Buffer.Available.StartsWith(RvqFormat.EndMark) ? ReadEnd(_header!)
            : "neither a chunk nor the end mark stands here";

    private string? ReadEnd(RvqHeader header)
    {
        if (!Buffer.Has(RvqFormat.EndLength, out var fault))
        {
            return fault;
        }

        var record = Buffer.Available[..RvqFormat.EndLength];
        if (!HasSoundChecksum(record))
        {
            return "the end mark's checksum is wrong";
        }

        var total = BinaryPrimitives.ReadInt64LittleEndian(record[4..]);
        fault = $"the end mark says {total} blocks, but {_nextBlock} have come";
        if (total < _nextBlock || total > long.MaxValue / header.FramesPerBlock)
        {
            return fault;
        }

        Lose(total - _nextBlock, fault);
        Buffer.Advance(RvqFormat.EndLength);
        IsComplete = true;
        return null;
    }

    private string? ReadChunk(RvqHeader header, ref RvqChunk? chunk)
    {
        if (!Buffer.Has(RvqFormat.ChunkPrefixLength, out var fault))
        {
            return fault;
        }

        var record = new ChunkRecord(Buffer.Available);
        if (record.CodebookCount < 1 || record.CodebookCount > header.CodebookCount)
        {
            return $"the chunk says {record.CodebookCount} codebooks of {header.CodebookCount}";
        }

        if (!Buffer.Has(record.Length, out fault))
        {
            return fault;
        }

        if (!HasSoundChecksum(Buffer.Available[..record.Length]))
        {
            return "the chunk header's checksum is wrong";
        }

        // From here on the numbers are as they were written.
        fault = record.FirstBlock < _nextBlock ? $"the chunk starts with block {record.FirstBlock}, but {_nextBlock} have come" : record.Fault(header);
        if (fault.Length > 0)
        {
            return fault;
        }

        var taken = Math.Min(record.CodebookCount, maxCodebooks ?? record.CodebookCount);
        var takenLength = (int)record.LayersLength(header, taken);
        if (!Buffer.Has(record.Length + takenLength, out fault))
        {
            return fault;
        }

        var layers = Buffer.Available.Slice(record.Length, takenLength);
        fault = record.LayerFault(header, Buffer.Available, layers, taken);
        if (fault.Length > 0)
        {
            return fault;
        }

        var lost = Lose(record.FirstBlock - _nextBlock, $"the chunk starts with block {record.FirstBlock}, but {_nextBlock} have come");
        chunk = new RvqChunk(header, record.FirstBlock, (int)record.BlockCount, taken, layers.ToArray(), lost);
        _nextBlock = record.FirstBlock + record.BlockCount;
        _chunks++;
        Buffer.Advance(record.Length + takenLength);
        Buffer.Skip = record.PayloadLength - takenLength;
        return null;
    }

    private bool HasSoundChecksum(ReadOnlySpan<byte> record)
        => RvqFormat.RecordChecksum(_headerChecksum, record[..^RvqFormat.ChecksumLength])
            == BinaryPrimitives.ReadUInt32LittleEndian(record[^RvqFormat.ChecksumLength..]);

    /// <summary>Notes blocks that are missing before a sound record.</summary>
    private long Lose(long blocks, string fault)
    {
        if (blocks > 0)
        {
            Fault(fault, $"Chunk {_chunks}");
        }

        FramesLost += blocks * _header!.FramesPerBlock;
        return blocks * _header.FramesPerBlock;
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
