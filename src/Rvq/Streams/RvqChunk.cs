using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq.Streams;

/// <summary>Some frames of an .rvq stream, checked and still packed; or a gap where frames were lost. Immutable and thread-safe.</summary>
public sealed class RvqChunk
{
    private readonly RvqHeader _header;

    internal RvqChunk(
        RvqHeader header, long firstBlock, int blockCount, int codebookCount, byte[]? payload, long? streamLength, long framesLost = 0)
    {
        (_header, BlockCount, CodebookCount, Payload, FramesLost) = (header, blockCount, codebookCount, payload ?? [], framesLost);
        IsGap = payload is null;
        FirstFrame = firstBlock * header.FramesPerBlock;
        FrameCount = (int)Math.Min((long)blockCount * header.FramesPerBlock, (streamLength ?? long.MaxValue) - FirstFrame);
        CodeCount = blockCount * header.GetCodesPerBlock(codebookCount);
    }

    /// <summary>The number of the first frame, counted from the start of the stream.</summary>
    public long FirstFrame { get; }

    /// <summary>
    /// The number of frames: those of all blocks, or fewer where a multi-scale model's stream is known to end within the last block, whose
    /// other frames are filling.
    /// </summary>
    public int FrameCount { get; }

    /// <summary>The number of codebooks, n: the first ones of the model.</summary>
    public int CodebookCount { get; }

    /// <summary>The number of codes: frames × codebooks, or of all blocks of a multi-scale model.</summary>
    public int CodeCount { get; }

    /// <summary>
    /// Whether this stands for frames that were lost, as <see cref="RvqReaderOptions.FillGaps"/> asks for: its codes are −1, which stands
    /// for codebooks left out, and its frames are zeros.
    /// </summary>
    public bool IsGap { get; }

    /// <summary>
    /// The frames that are missing directly before this chunk; 0 unless the stream is damaged, the reader recovers and does not fill the
    /// gap.
    /// </summary>
    public long FramesLost { get; }

    /// <summary>Unpacks the codes.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes; a signed one for a gap.</typeparam>
    /// <param name="codes">
    /// Receives the codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; length <see cref="CodeCount"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="codes"/> has another length, or its type cannot hold the codes; nothing is written.
    /// </exception>
    public void CopyTo<TCode>(Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfNotLength(codes.Length, nameof(codes), BlockCount, "rows", RowLength, "codes");
        if (IsGap)
        {
            codes.Fill(
                TCode.IsNegative(~TCode.Zero)
                    ? ~TCode.Zero
                    : throw new ArgumentException($"codes is of {typeof(TCode).Name}, but the codes of a gap are -1.", nameof(codes)));
            return;
        }

        for (var i = 0; i < CodebookCount; i++)
        {
            Argument.ThrowIfTooSmall<TCode>(_header.CodebookSizes[i] - 1, nameof(codes));
        }

        var (layer, column) = (0, 0);
        for (var i = 0; i < CodebookCount; i++)
        {
            var length = _header.LayerLength(i, BlockCount);
            var packed = Payload.AsSpan(layer, length);
            Bits.UnpackColumns(packed, _header.GetBitsPerCode(i), codes, RowLength, column, _header.CodesPerBlock(i));
            layer += length;
            column += _header.CodesPerBlock(i);
        }
    }

    /// <summary>Unpacks the codes into any layout: strides say where they go.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes; a signed one for a gap.</typeparam>
    /// <param name="codes">
    /// Receives the codes, shape [T, n], or [blocks, codes of n codebooks] of a multi-scale model; axes of length 1 may stand before.
    /// </param>
    /// <exception cref="ArgumentException">
    /// <paramref name="codes"/> has another shape, or its type cannot hold the codes; nothing is written.
    /// </exception>
    public void CopyTo<TCode>(in TensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Argument.ThrowIfNotSequence(codes.Lengths, nameof(codes), BlockCount, RowLength);
        Argument.ThrowIfSelfOverlapping(new StridedRows(codes.Lengths, codes.Strides), nameof(codes));
        var rows = ArrayPool<TCode>.Shared.Rent(CodeCount);
        CopyTo(rows.AsSpan(0, CodeCount));
        new ReadOnlyTensorSpan<TCode>(rows.AsSpan(0, CodeCount), codes.Lengths).CopyTo(codes);
        ArrayPool<TCode>.Shared.Return(rows);
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

    /// <summary>Whether the last block has frames that are filling.</summary>
    internal bool EndsEarly => FrameCount < (long)BlockCount * _header.FramesPerBlock;

    /// <summary>The packed layers, one codebook after the other.</summary>
    internal byte[] Payload { get; }

    /// <summary>The codes of a block.</summary>
    internal int RowLength => CodeCount / BlockCount;

    /// <summary>Whether a stream has the same codebooks as the chunk's.</summary>
    internal bool IsFor(RvqHeader header)
        => CodebookCount <= header.CodebookCount
            && _header.FramesPerBlock == header.FramesPerBlock
            && _header.Fingerprint == header.Fingerprint
            && _header.CodebookSizes[..CodebookCount].SequenceEqual(header.CodebookSizes[..CodebookCount])
            && _header.Strides[..CodebookCount].SequenceEqual(header.Strides[..CodebookCount]);
}
