using System.Numerics;

namespace Rvq.Streams;

/// <summary>Some frames of an .rvq stream, checked and still packed. Immutable and thread-safe.</summary>
public sealed class RvqChunk
{
    private readonly RvqHeader _header;

    internal RvqChunk(RvqHeader header, long firstBlock, int blockCount, int codebookCount, byte[] payload, long framesLost)
    {
        (_header, BlockCount, CodebookCount, Payload, FramesLost) = (header, blockCount, codebookCount, payload, framesLost);
        FirstFrame = firstBlock * header.FramesPerBlock;
        CodeCount = blockCount * header.GetCodesPerBlock(codebookCount);
    }

    /// <summary>The number of the first frame, counted from the start of the stream.</summary>
    public long FirstFrame { get; }

    /// <summary>The number of frames.</summary>
    public int FrameCount => BlockCount * _header.FramesPerBlock;

    /// <summary>The number of codebooks, n: the first ones of the model.</summary>
    public int CodebookCount { get; }

    /// <summary>The number of codes: frames × codebooks, unless the model is multi-scale.</summary>
    public int CodeCount { get; }

    /// <summary>The frames that are missing directly before this chunk; 0 unless the stream is damaged and the reader recovers.</summary>
    public long FramesLost { get; }

    /// <summary>Unpacks the codes.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="codes">Receives the codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; length <see cref="CodeCount"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="codes"/> has another length, or its type cannot hold the codes; nothing is written.</exception>
    public void CopyTo<TCode>(Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var rowLength = CodeCount / BlockCount;
        Argument.ThrowIfNotLength(codes.Length, nameof(codes), BlockCount, "rows", rowLength, "codes");
        for (var i = 0; i < CodebookCount; i++)
        {
            Argument.ThrowIfTooSmall<TCode>(_header.CodebookSizes[i] - 1, nameof(codes));
        }

        var (layer, column) = (0, 0);
        for (var i = 0; i < CodebookCount; i++)
        {
            var length = _header.LayerLength(i, BlockCount);
            Bits.UnpackColumns(Payload.AsSpan(layer, length), _header.GetBitsPerCode(i), codes, rowLength, column, _header.CodesPerBlock(i));
            layer += length;
            column += _header.CodesPerBlock(i);
        }
    }

    /// <summary>Unpacks the codes.</summary>
    /// <returns>Codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model.</returns>
    public int[] ToArray()
    {
        var codes = new int[CodeCount];
        CopyTo<int>(codes);
        return codes;
    }

    internal int BlockCount { get; }

    /// <summary>The packed layers, one codebook after the other.</summary>
    internal byte[] Payload { get; }

    /// <summary>Whether a stream has the same codebooks as the chunk's.</summary>
    internal bool IsFor(RvqHeader header)
        => CodebookCount <= header.CodebookCount
            && _header.FramesPerBlock == header.FramesPerBlock
            && _header.Fingerprint == header.Fingerprint
            && _header.CodebookSizes[..CodebookCount].SequenceEqual(header.CodebookSizes[..CodebookCount])
            && _header.Strides[..CodebookCount].SequenceEqual(header.Strides[..CodebookCount]);
}
