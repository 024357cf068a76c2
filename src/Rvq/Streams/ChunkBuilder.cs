using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace Rvq.Streams;

/// <summary>Gathers codes and writes chunks of them.</summary>
internal sealed class ChunkBuilder(RvqHeader header, uint headerChecksum, int? framesPerChunk, ArrayBufferWriter<byte> output)
{
    private int[] _codes = [];
    private int _count;
    private int _most;
    private int _codebooks;
    private long _blocks;
    private long? _length;

    /// <summary>The frames written and gathered.</summary>
    public long FrameCount => _length ?? _blocks * header.FramesPerBlock;

    /// <summary>The fewest frames that the blocks may stand for: the last block may be in part filling.</summary>
    public long LeastFrameCount => _length ?? Math.Max(0, ((_blocks - 1) * header.FramesPerBlock) + 1);

    /// <summary>Whether the last block is known to end early, so that nothing can follow.</summary>
    public bool HasEnded => _length is not null;

    /// <summary>Takes as many codes as the chunk has room for, writes it if it is full, and says how many codes were taken.</summary>
    public int Append<TCode>(ReadOnlySpan<TCode> codes, int codebooks)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (codebooks != _codebooks)
        {
            Flush();
            Start(codebooks);
        }
        else if (_count == _most)
        {
            Flush();
        }

        var taken = Math.Min(codes.Length, _most - _count);
        foreach (var code in codes[..taken])
        {
            _codes[_count++] = int.CreateTruncating(code);
        }

        _blocks += taken / header.GetCodesPerBlock(codebooks);
        if (_count == _most && header.FramesPerBlock == 1)
        {
            // Where blocks have several frames, a full chunk waits for what comes next: a stream that ends within its last block says so
            // before it.
            Flush();
        }

        return taken;
    }

    /// <summary>Writes what has been gathered.</summary>
    public void Flush()
    {
        if (_count == 0)
        {
            return;
        }

        var rowLength = header.GetCodesPerBlock(_codebooks);
        var blocks = _count / rowLength;
        var record = Reserve(blocks, _codebooks, out var payload);
        var (layer, column) = (0, 0);
        for (var i = 0; i < _codebooks; i++)
        {
            var length = header.LayerLength(i, blocks);
            Bits.PackColumns<int>(
                _codes.AsSpan(0, _count),
                rowLength,
                column,
                header.CodesPerBlock(i),
                header.GetBitsPerCode(i),
                payload.Slice(layer, length));
            layer += length;
            column += header.CodesPerBlock(i);
        }

        Write(_blocks - blocks, blocks, _codebooks, record, payload);
        _count = 0;
    }

    /// <summary>Writes a chunk's packed layers as they are.</summary>
    public void Append(RvqChunk chunk)
    {
        Flush();
        if (chunk.EndsEarly)
        {
            WriteLength((_blocks * header.FramesPerBlock) + chunk.FrameCount);
        }

        var record = Reserve(chunk.BlockCount, chunk.CodebookCount, out var copy);
        chunk.Payload.CopyTo(copy);
        Write(_blocks, chunk.BlockCount, chunk.CodebookCount, record, copy);
        _blocks += chunk.BlockCount;
    }

    /// <summary>Writes what has been gathered, and the end mark.</summary>
    public void WriteEnd(long frameCount)
    {
        if (frameCount != FrameCount)
        {
            WriteLength(frameCount);
        }

        Flush();
        WriteNumber(RvqFormat.EndMark, _blocks);
    }

    private void WriteLength(long frameCount)
    {
        _length = frameCount;
        WriteNumber(RvqFormat.LengthMark, frameCount);
    }

    private void WriteNumber(ReadOnlySpan<byte> mark, long number)
    {
        var record = output.GetSpan(RvqFormat.NumberRecordLength)[..RvqFormat.NumberRecordLength];
        mark.CopyTo(record);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], number);
        Finish(record);
    }

    private void Start(int codebooks)
    {
        _codebooks = codebooks;
        _most = ChunkSize.Blocks(header, codebooks, framesPerChunk) * header.GetCodesPerBlock(codebooks);
        if (_codes.Length < _most)
        {
            _codes = new int[_most];
        }
    }

    /// <summary>Room in the output for a chunk header and its layers.</summary>
    private Span<byte> Reserve(int blocks, int codebooks, out Span<byte> payload)
    {
        var headerLength = RvqFormat.ChunkHeaderLength(codebooks);
        var payloadLength = 0;
        for (var i = 0; i < codebooks; i++)
        {
            payloadLength += header.LayerLength(i, blocks);
        }

        var space = output.GetSpan(headerLength + payloadLength);
        payload = space.Slice(headerLength, payloadLength);
        return space[..headerLength];
    }

    /// <summary>Fills the header of a chunk whose layers are in place.</summary>
    private void Write(long firstBlock, int blocks, int codebooks, Span<byte> record, ReadOnlySpan<byte> payload)
    {
        RvqFormat.ChunkMark.CopyTo(record);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], firstBlock);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], blocks);
        BinaryPrimitives.WriteUInt16LittleEndian(record[16..], (ushort)codebooks);
        BinaryPrimitives.WriteInt32LittleEndian(record[18..], payload.Length);
        var layer = 0;
        for (var i = 0; i < codebooks; i++)
        {
            var length = header.LayerLength(i, blocks);
            var checksum = record[(RvqFormat.ChunkPrefixLength + (i * RvqFormat.ChecksumLength))..];
            BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32.HashToUInt32(payload.Slice(layer, length)));
            layer += length;
        }

        Finish(record);
        output.Advance(payload.Length);
    }

    private void Finish(Span<byte> record)
    {
        var checksum = RvqFormat.RecordChecksum(headerChecksum, record[..^RvqFormat.ChecksumLength]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[^RvqFormat.ChecksumLength..], checksum);
        output.Advance(record.Length);
    }
}
