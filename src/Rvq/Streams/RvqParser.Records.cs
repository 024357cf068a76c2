using System.Buffers.Binary;

namespace Rvq.Streams;

internal sealed partial class RvqParser
{
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
        => !Buffer.Has(RvqFormat.MarkLength, out var fault) ? MissingEnd(fault)
            : Buffer.Available.StartsWith(RvqFormat.ChunkMark) ? ReadChunk(_header!, ref chunk)
            : Buffer.Available.StartsWith(RvqFormat.LengthMark) ? ReadLength(_header!)
            : Buffer.Available.StartsWith(RvqFormat.EndMark) ? ReadEnd(_header!, ref chunk)
            : "neither a chunk nor the end mark stands here";

    private string MissingEnd(string fault)
        => fault.Length > 0 && Buffer.Available.IsEmpty
            ? "the end mark is missing: the writer was not completed, or the stream was cut off here"
            : fault;

    /// <summary>The number in a record that has no other content.</summary>
    private string? ReadNumber(string what, out long number)
    {
        number = 0;
        if (!Buffer.Has(RvqFormat.NumberRecordLength, out var fault))
        {
            return fault;
        }

        var record = Buffer.Available[..RvqFormat.NumberRecordLength];
        number = BinaryPrimitives.ReadInt64LittleEndian(record[4..]);
        return HasSoundChecksum(record) ? null : $"the checksum of the {what} is wrong";
    }

    private string? ReadLength(RvqHeader header)
    {
        if (ReadNumber("length", out var frames) is { } fault)
        {
            return fault;
        }

        if (frames < 0 || header.BlockCount(frames) < _nextBlock || (_length ?? frames) != frames)
        {
            var known = _length is { } before ? $"{before} before" : $"{_nextBlock * header.FramesPerBlock} have come";
            return $"the length is said to be {frames} frames, but {known}";
        }

        _length = frames;
        Buffer.Advance(RvqFormat.NumberRecordLength);
        return null;
    }

    private string? ReadEnd(RvqHeader header, ref RvqChunk? chunk)
    {
        if (ReadNumber("end mark", out var total) is { } missing)
        {
            return missing;
        }

        var fault = $"the end mark says {total} blocks, but {_nextBlock} have come";
        if (total < _nextBlock || total > long.MaxValue / header.FramesPerBlock)
        {
            return fault;
        }

        if (_length is { } length && header.BlockCount(length) != total)
        {
            return $"the end mark says {total} blocks, but the length is {length} frames";
        }

        Lose(total, fault, ref chunk);
        Buffer.Advance(RvqFormat.NumberRecordLength);
        _nextBlock = total;
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
        var place = $"the chunk starts with block {record.FirstBlock}, but {_nextBlock} have come";
        fault = record.FirstBlock < _nextBlock ? place : record.Fault(header);
        if (fault.Length > 0)
        {
            return fault;
        }

        if (_length is { } length && record.FirstBlock + record.BlockCount > header.BlockCount(length))
        {
            return $"the chunk ends with block {record.FirstBlock + record.BlockCount - 1}, but the length is {length} frames";
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

        var lost = Lose(record.FirstBlock, place, ref chunk);
        lost = chunk is null ? lost : 0;
        var read = new RvqChunk(header, record.FirstBlock, (int)record.BlockCount, taken, layers.ToArray(), _length, lost);
        (chunk, _behindGap) = chunk is null ? (read, null) : (chunk, read);
        _nextBlock = record.FirstBlock + record.BlockCount;
        _chunks++;
        Buffer.Advance(record.Length + takenLength);
        Buffer.Skip = record.PayloadLength - takenLength;
        return null;
    }

    private bool HasSoundChecksum(ReadOnlySpan<byte> record)
        => RvqFormat.RecordChecksum(_headerChecksum, record[..^RvqFormat.ChecksumLength])
            == BinaryPrimitives.ReadUInt32LittleEndian(record[^RvqFormat.ChecksumLength..]);

    /// <summary>Notes the blocks that are missing before a sound record, as frames, and fills their gap where that is wanted.</summary>
    private long Lose(long firstBlock, string fault, ref RvqChunk? gap)
    {
        var blocks = firstBlock - _nextBlock;
        if (blocks == 0)
        {
            return 0;
        }

        Fault(fault, $"Chunk {_chunks}");
        var header = _header!;
        var frames = Math.Min(firstBlock * header.FramesPerBlock, _length ?? long.MaxValue) - (_nextBlock * header.FramesPerBlock);
        FramesLost += frames;
        var codebooks = Math.Min(header.CodebookCount, maxCodebooks ?? header.CodebookCount);
        if (fillGaps && blocks <= ChunkSize.Most(header, codebooks))
        {
            gap = new RvqChunk(header, _nextBlock, (int)blocks, codebooks, payload: null, _length);
        }

        return frames;
    }
}
