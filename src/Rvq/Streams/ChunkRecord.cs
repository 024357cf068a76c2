using System.Buffers.Binary;
using System.IO.Hashing;

namespace Rvq.Streams;

/// <summary>The header of a chunk.</summary>
internal readonly struct ChunkRecord(ReadOnlySpan<byte> record)
{
    public long FirstBlock { get; } = BinaryPrimitives.ReadInt64LittleEndian(record[4..]);

    public uint BlockCount { get; } = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);

    public int CodebookCount { get; } = BinaryPrimitives.ReadUInt16LittleEndian(record[16..]);

    public uint PayloadLength { get; } = BinaryPrimitives.ReadUInt32LittleEndian(record[18..]);

    /// <summary>The length with the checksums.</summary>
    public int Length => RvqFormat.ChunkHeaderLength(CodebookCount);

    /// <summary>What cannot be in a chunk of a stream, or "".</summary>
    public string Fault(RvqHeader header)
        => BlockCount < 1 || (ulong)BlockCount * (ulong)header.GetCodesPerBlock(CodebookCount) > RvqFormat.MaxCodesPerChunk
            || (ulong)BlockCount * (ulong)header.FramesPerBlock > int.MaxValue
            || FirstBlock < 0 || FirstBlock > (long.MaxValue / header.FramesPerBlock) - BlockCount
            || LayersLength(header, CodebookCount) != PayloadLength
            ? $"the chunk says {BlockCount} blocks from {FirstBlock} in {PayloadLength} bytes"
            : "";

    /// <summary>The bytes of the first layers.</summary>
    public long LayersLength(RvqHeader header, int codebookCount)
    {
        var length = 0L;
        for (var i = 0; i < codebookCount; i++)
        {
            length += header.LayerLength(i, (int)BlockCount);
        }

        return length;
    }

    /// <summary>What is wrong in the first layers, or "".</summary>
    public string LayerFault(RvqHeader header, ReadOnlySpan<byte> record, ReadOnlySpan<byte> layers, int codebookCount)
    {
        for (var i = 0; i < codebookCount; i++)
        {
            var layer = layers[..header.LayerLength(i, (int)BlockCount)];
            var checksum = BinaryPrimitives.ReadUInt32LittleEndian(
                record[(RvqFormat.ChunkPrefixLength + (i * RvqFormat.ChecksumLength))..]);
            if (Crc32.HashToUInt32(layer) != checksum)
            {
                return $"the checksum of codebook {i} is wrong";
            }

            var (size, bits) = (header.CodebookSizes[i], header.GetBitsPerCode(i));
            if (size != 1L << bits && Bits.FirstAbove(layer, [bits], (int)BlockCount * header.CodesPerBlock(i), (ulong)size - 1) >= 0)
            {
                return $"a code of codebook {i} is not below its size, {size}";
            }

            layers = layers[layer.Length..];
        }

        return "";
    }
}
