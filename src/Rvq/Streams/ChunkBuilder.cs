using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;

namespace Rvq.Streams;

/// <summary>Gathers codes and writes chunks of them.</summary>
internal sealed class ChunkBuilder(RvqHeader header, uint headerChecksum, int blocksPerChunk, ArrayBufferWriter<byte> output)
{
    private readonly int[] _codes = new int[blocksPerChunk * header.GetCodesPerBlock(header.CodebookCount)];
    private int _count;
    private int _codebooks;

    /// <summary>The blocks written and gathered.</summary>
    public long BlockCount { get; private set; }

    /// <summary>Takes as many codes as the chunk has room for, writes it if it is full, and says how many codes were taken.</summary>
    public int Append<TCode>(ReadOnlySpan<TCode> codes, int codebooks)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (codebooks != _codebooks)
        {
            Flush();
            _codebooks = codebooks;
        }

        var rowLength = header.GetCodesPerBlock(codebooks);
        var taken = Math.Min(codes.Length, (blocksPerChunk * rowLength) - _count);
        foreach (var code in codes[..taken])
        {
            _codes[_count++] = int.CreateTruncating(code);
        }

        BlockCount += taken / rowLength;
        if (_count == blocksPerChunk * rowLength)
        {
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
                _codes.AsSpan(0, _count), rowLength, column, header.CodesPerBlock(i), header.GetBitsPerCode(i), payload.Slice(layer, length));
            layer += length;
            column += header.CodesPerBlock(i);
        }

        Write(BlockCount - blocks, blocks, _codebooks, record, payload);
        _count = 0;
    }

    /// <summary>Writes packed layers as they are.</summary>
    public void Append(ReadOnlySpan<byte> payload, int blocks, int codebooks)
    {
        Flush();
        var record = Reserve(blocks, codebooks, out var copy);
        payload.CopyTo(copy);
        Write(BlockCount, blocks, codebooks, record, copy);
        BlockCount += blocks;
    }

    public void WriteEnd()
    {
        Flush();
        var record = output.GetSpan(RvqFormat.EndLength)[..RvqFormat.EndLength];
        RvqFormat.EndMark.CopyTo(record);
        BinaryPrimitives.WriteInt64LittleEndian(record[4..], BlockCount);
        Finish(record);
    }

    /// <summary>Room in the output for a chunk header and its layers.</summary>
    private Span<byte> Reserve(int blocks, int codebooks, out Span<byte> payload)
    {
        var headerLength = RvqFormat.ChunkPrefixLength + ((codebooks + 1) * RvqFormat.ChecksumLength);
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
