using System.Buffers.Binary;
using System.IO.Hashing;

namespace Rvq.Streams;

/// <summary>
/// Makes chunks of the bytes of an .rvq stream, wherever they come from: while a call says that bytes are missing, the caller fills
/// <see cref="GetSpace"/> and calls again. A strict parser asks for no byte beyond what it needs and throws at the first fault; a
/// recovering one looks for the next record that is sound.
/// </summary>
internal sealed class RvqParser(bool recover, int? maxCodebooks)
{
    private const int ReadAhead = 1 << 12;
    private const int MaxSearch = 4 * RvqFormat.MaxHeaderLength;

    private byte[] _buffer = new byte[ReadAhead];
    private int _start;
    private int _end;
    private int _wanted;
    private long _offset;
    private bool _ended;
    private bool _searching;
    private RvqHeader? _header;
    private uint _headerChecksum;
    private long _nextBlock;
    private long _chunks;

    /// <summary>The bytes ahead that nobody wants; they may be skipped instead of read.</summary>
    public long Skip { get; private set; }

    public bool IsComplete { get; private set; }

    public long FramesLost { get; private set; }

    public int FaultCount { get; private set; }

    public string? FirstFault { get; private set; }

    private ReadOnlySpan<byte> Available => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Where the next bytes of the stream go. It grows with what has come, so that a length alone costs no memory.</summary>
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

        var missing = (int)Math.Min(_wanted - _end, Skip > 0 ? Skip : long.MaxValue);
        return _buffer.AsMemory(_end, recover ? _buffer.Length - _end : Math.Min(missing, _buffer.Length - _end));
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
        _offset += count;
    }

    /// <summary>Reads both copies of the header, or returns null while bytes are missing.</summary>
    public RvqHeader? TryReadHeader()
    {
        while (true)
        {
            var fault = ReadHeader();
            if (fault is null)
            {
                return _header;
            }

            if (fault.Length == 0)
            {
                return null;
            }

            Fault(fault, "The header");
            if (_offset > MaxSearch || !Search(RvqFormat.Magic))
            {
                throw new InvalidDataException($"No sound .rvq header was found up to offset {_offset}; first {FirstFault}");
            }
        }
    }

    /// <summary>Reads the next chunk, null at the end; returns false while bytes are missing.</summary>
    public bool TryReadChunk(out RvqChunk? chunk)
    {
        chunk = null;
        while (!IsComplete)
        {
            if (Skip > 0)
            {
                var skipped = (int)Math.Min(Skip, _end - _start);
                Advance(skipped);
                Skip -= skipped;
                if (Skip > 0 && !_ended)
                {
                    _wanted = (int)Math.Min(Skip, ReadAhead);
                    return false;
                }

                Skip = 0;
            }

            var fault = ReadRecord(ref chunk);
            if (fault is null)
            {
                _searching = false;
                if (chunk is not null)
                {
                    return true;
                }

                continue;
            }

            if (fault.Length == 0)
            {
                return false;
            }

            Fault(fault, $"Chunk {_chunks}");
            if (!Search(RvqFormat.ChunkMark[..^1]))
            {
                return true;
            }
        }

        return true;
    }

    /// <summary>Whether so many bytes are there. If not, "" asks for more of them, or a text says that the stream ends.</summary>
    private bool Has(int count, out string fault)
    {
        _wanted = count;
        fault = _ended ? $"the stream ends {_end - _start} bytes later, where {count} are due" : "";
        return _end - _start >= count;
    }

    private string? ReadHeader()
    {
        if (!Has(RvqFormat.HeaderPrefixLength, out var fault))
        {
            return fault;
        }

        if (RvqFormat.HeaderLength(Available, out fault) is not { } length || !Has(length, out fault))
        {
            return fault;
        }

        var first = Available[..length];
        if (RvqFormat.Parse(first, out fault) is not { } header)
        {
            return fault;
        }

        if (!Has(2 * length, out fault) && (fault.Length == 0 || !recover))
        {
            return fault;
        }

        var same = Available.Length >= 2 * length && Available.Slice(length, length).SequenceEqual(first);
        if (!same && !recover)
        {
            return "the second copy of the header is not the same as the first";
        }

        _header = header;
        _headerChecksum = BinaryPrimitives.ReadUInt32LittleEndian(first[^RvqFormat.ChecksumLength..]);
        _searching = false;
        Advance(same ? 2 * length : length);
        return null;
    }

    private string? ReadRecord(ref RvqChunk? chunk)
    {
        if (!Has(RvqFormat.MarkLength, out var fault))
        {
            return fault;
        }

        return Available.StartsWith(RvqFormat.ChunkMark) ? ReadChunk(ref chunk)
            : Available.StartsWith(RvqFormat.EndMark) ? ReadEnd()
            : "neither a chunk nor the end mark stands here";
    }

    private string? ReadEnd()
    {
        if (!Has(RvqFormat.EndLength, out var fault))
        {
            return fault;
        }

        var record = Available[..RvqFormat.EndLength];
        if (!HasSoundChecksum(record))
        {
            return "the end mark's checksum is wrong";
        }

        var total = BinaryPrimitives.ReadInt64LittleEndian(record[4..]);
        if (total < _nextBlock || total > long.MaxValue / _header!.FramesPerBlock)
        {
            return $"the end mark says {total} blocks, but {_nextBlock} have come";
        }

        if (total != _nextBlock)
        {
            fault = $"the end mark says {total} blocks, but only {_nextBlock} have come";
            Fault(fault, "The end");
            FramesLost += (total - _nextBlock) * _header.FramesPerBlock;
        }

        Advance(RvqFormat.EndLength);
        IsComplete = true;
        return null;
    }

    private string? ReadChunk(ref RvqChunk? chunk)
    {
        if (!Has(RvqFormat.ChunkPrefixLength, out var fault))
        {
            return fault;
        }

        var header = _header!;
        var codebooks = BinaryPrimitives.ReadUInt16LittleEndian(Available[16..]);
        if (codebooks < 1 || codebooks > header.CodebookCount)
        {
            return $"the chunk says {codebooks} codebooks of {header.CodebookCount}";
        }

        var headerLength = RvqFormat.ChunkPrefixLength + ((codebooks + 1) * RvqFormat.ChecksumLength);
        if (!Has(headerLength, out fault))
        {
            return fault;
        }

        if (!HasSoundChecksum(Available[..headerLength]))
        {
            return "the chunk header's checksum is wrong";
        }

        var firstBlock = BinaryPrimitives.ReadInt64LittleEndian(Available[4..]);
        var blocks = BinaryPrimitives.ReadUInt32LittleEndian(Available[12..]);
        var payloadLength = BinaryPrimitives.ReadUInt32LittleEndian(Available[18..]);
        if (blocks < 1 || (ulong)blocks * (ulong)header.GetCodesPerBlock(codebooks) > RvqFormat.MaxCodesPerChunk
            || (ulong)blocks * (ulong)header.FramesPerBlock > int.MaxValue || firstBlock < 0
            || firstBlock > (long.MaxValue / header.FramesPerBlock) - blocks || Payload(codebooks, (int)blocks) != payloadLength)
        {
            return $"the chunk says {blocks} blocks from {firstBlock} in {payloadLength} bytes";
        }

        if (firstBlock < _nextBlock)
        {
            return $"the chunk starts with block {firstBlock}, but block {_nextBlock} is due";
        }

        var taken = Math.Min(codebooks, maxCodebooks ?? codebooks);
        var takenLength = (int)Payload(taken, (int)blocks);
        if (!Has(headerLength + takenLength, out fault))
        {
            return fault;
        }

        fault = LayerFault(Available[RvqFormat.ChunkPrefixLength..], Available.Slice(headerLength, takenLength), taken, (int)blocks);
        if (fault.Length > 0)
        {
            return fault;
        }

        if (firstBlock > _nextBlock)
        {
            Fault($"the chunk starts with block {firstBlock}, but block {_nextBlock} is due", $"Chunk {_chunks}");
        }

        var lost = (firstBlock - _nextBlock) * header.FramesPerBlock;
        chunk = new RvqChunk(header, firstBlock, (int)blocks, taken, Available.Slice(headerLength, takenLength).ToArray(), lost);
        FramesLost += lost;
        _nextBlock = firstBlock + blocks;
        _chunks++;
        Advance(headerLength + takenLength);
        Skip = payloadLength - takenLength;
        return null;
    }

    private string LayerFault(ReadOnlySpan<byte> checksums, ReadOnlySpan<byte> payload, int codebooks, int blocks)
    {
        for (var i = 0; i < codebooks; i++)
        {
            var layer = payload[.._header!.LayerLength(i, blocks)];
            if (Crc32.HashToUInt32(layer) != BinaryPrimitives.ReadUInt32LittleEndian(checksums[(i * RvqFormat.ChecksumLength)..]))
            {
                return $"the checksum of codebook {i} is wrong";
            }

            var (size, bits) = (_header.CodebookSizes[i], _header.GetBitsPerCode(i));
            if (size != 1L << bits && Bits.FirstAbove(layer, [bits], blocks * _header.CodesPerBlock(i), (ulong)size - 1) >= 0)
            {
                return $"a code of codebook {i} is not below its size, {size}";
            }

            payload = payload[layer.Length..];
        }

        return "";
    }

    private long Payload(int codebooks, int blocks)
    {
        var length = 0L;
        for (var i = 0; i < codebooks; i++)
        {
            length += _header!.LayerLength(i, blocks);
        }

        return length;
    }

    private bool HasSoundChecksum(ReadOnlySpan<byte> record)
        => RvqFormat.RecordChecksum(_headerChecksum, record[..^RvqFormat.ChecksumLength])
            == BinaryPrimitives.ReadUInt32LittleEndian(record[^RvqFormat.ChecksumLength..]);

    /// <summary>Throws, or counts one fault for all that is wrong up to the next sound record.</summary>
    private void Fault(string fault, string what)
    {
        var text = $"{what} at offset {_offset}: {fault}.";
        if (!recover)
        {
            throw new InvalidDataException(text);
        }

        FaultCount += _searching ? 0 : 1;
        FirstFault ??= text;
        _searching = true;
    }

    /// <summary>Goes to the next place that starts as a record does; false at the end of the stream.</summary>
    private bool Search(ReadOnlySpan<byte> pattern)
    {
        if (_end - _start > 0)
        {
            Advance(1);
        }

        var found = Available.IndexOf(pattern);
        Advance(found >= 0 ? found : Math.Max(0, _end - _start - pattern.Length + 1));
        return found >= 0 || !_ended;
    }

    private void Advance(int count)
    {
        _start += count;
        _offset += count;
    }
}
