using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;

namespace Rvq.Streams;

/// <summary>
/// Writes codes as an .rvq stream to any <see cref="Stream"/> (a PipeWriter's AsStream among them), as they come and without seeking.
/// Memory for one chunk is in use. A stream is whole only after <see cref="Complete()"/>; when a writer is disposed before, every frame
/// that was written is there, but readers see that the end mark is missing. Not thread-safe.
/// </summary>
/// <remarks>
/// Frames go out in chunks: a reader gets a frame when its chunk is full, <see cref="FramesPerChunk"/> frames later at most, or at the next
/// <see cref="Flush"/>. By default a chunk is about a second or as much longer as it takes until its overhead is 5 % of its codes (26
/// bytes, 4 more for every codebook, and filling bits): 1.7 s for EnCodec at 6 kbit/s, 9.5 s for Mimi at 1.1 kbit/s. For a conversation
/// flush every packet, or ask for shorter chunks: in Mimi's 8 codebooks a chunk costs as many bytes as five frames.
/// </remarks>
public sealed partial class RvqWriter : IDisposable, IAsyncDisposable
{
    private readonly bool _leaveOpen;
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ChunkBuilder _builder;
    private readonly int[] _sizes;
    private Stream _stream = Stream.Null;
    private bool _completed;
    private bool _failed;
    private bool _disposed;

    /// <summary>Prepares a stream; the header goes out with the first codes.</summary>
    /// <param name="stream">Receives the bytes.</param>
    /// <param name="header">What the stream says of its codes, such as new RvqHeader(model).</param>
    /// <param name="framesPerChunk">
    /// The frames of a chunk, at least 1, rounded up to whole blocks; or null (the default) for the longer of about a second and what makes
    /// a chunk cost 5 %. A chunk is what is lost when a bit is wrong, and what a reader waits for.
    /// </param>
    /// <param name="leaveOpen">Whether the stream stays open when the writer is disposed.</param>
    /// <exception cref="ArgumentException">The header is not possible or longer than 1 MiB.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="framesPerChunk"/> is below 1.</exception>
    public RvqWriter(Stream stream, RvqHeader header, int? framesPerChunk = null, bool leaveOpen = false)
        : this(header, framesPerChunk)
    {
        ArgumentNullException.ThrowIfNull(stream);
        (_stream, _leaveOpen) = (stream, leaveOpen);
    }

    private RvqWriter(RvqHeader header, int? framesPerChunk)
    {
        ArgumentNullException.ThrowIfNull(header);
        ArgumentOutOfRangeException.ThrowIfLessThan(framesPerChunk ?? 1, 1, nameof(framesPerChunk));
        Header = header;
        var bytes = RvqFormat.Serialize(header);
        _sizes = [.. Enumerable.Range(0, header.CodebookCount).SelectMany(
            i => Enumerable.Repeat(header.CodebookSizes[i], header.CodesPerBlock(i)))];
        _output.Write(bytes);
        _output.Write(bytes);
        FramesPerChunk = ChunkSize.Blocks(header, header.CodebookCount, framesPerChunk) * header.FramesPerBlock;
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - RvqFormat.ChecksumLength));
        _builder = new ChunkBuilder(header, checksum, framesPerChunk, _output);
    }

    /// <summary>
    /// Writes a file that is there under its name from the first chunk on, so that others may read it while it grows, and so that a program
    /// that dies leaves what it had written: the end mark says whether a file is whole. Where a file is to appear whole or not at all,
    /// write to another name and move it.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="header">What the stream says of its codes, such as new RvqHeader(model).</param>
    /// <param name="framesPerChunk">The frames of a chunk, as for the constructor.</param>
    /// <returns>A writer that closes the file when it is disposed.</returns>
    /// <exception cref="ArgumentException">The header is not possible or longer than 1 MiB; no file is touched.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="framesPerChunk"/> is below 1; no file is touched.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static RvqWriter Create(string path, RvqHeader header, int? framesPerChunk = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new RvqWriter(header, framesPerChunk)
        {
            // Whole chunks come; a buffer would only keep them from readers.
            _stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0),
        };
    }

    /// <summary>What the stream says of its codes.</summary>
    public RvqHeader Header { get; }

    /// <summary>The frames of a chunk with all codebooks: the most that wait in the writer.</summary>
    public int FramesPerChunk { get; }

    /// <summary>The frames written so far.</summary>
    public long FrameCount => _builder.FrameCount;

    /// <summary>Writes frames with all codebooks.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">
    /// Codes, row-major [T, N], or [blocks, codes per block] of a multi-scale model; each below its codebook's size.
    /// </param>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write<TCode>(ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Write(codes, Header.CodebookCount);

    /// <summary>Writes frames with the first codebooks only; every call may have another number of them.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">
    /// Codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; each below its codebook's size.
    /// </param>
    /// <param name="codebookCount">The number of codebooks, n, in [1, N].</param>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code is outside its codebook, or <paramref name="codebookCount"/> out of range; nothing is written.
    /// </exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write<TCode>(ReadOnlySpan<TCode> codes, int codebookCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Check(codes, codebookCount);
        while (!codes.IsEmpty)
        {
            codes = codes[_builder.Append(codes, codebookCount)..];
            Drain();
        }
    }

    /// <summary>
    /// Writes frames that lie in any layout: strides say where. The length of a row says how many of the first codebooks there are.
    /// </summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">
    /// Codes, shape [T, n], or [blocks, codes of n codebooks] of a multi-scale model; axes of length 1 may stand before. Each code is below
    /// its codebook's size.
    /// </param>
    /// <exception cref="ArgumentException">The shape is not one of these; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write<TCode>(in ReadOnlyTensorSpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (!Argument.IsSequence(codes.Lengths) || Header.CodebookCountOf(codes.Lengths[^1]) is not { } codebooks)
        {
            throw new ArgumentException(
                $"codes has the shape {Argument.Shape(codes.Lengths)}, but [T, n] with the codes of the first n of "
                    + $"{Header.CodebookCount} codebooks is needed.",
                nameof(codes));
        }

        var length = checked((int)codes.FlattenedLength);
        var rows = ArrayPool<TCode>.Shared.Rent(length);
        codes.FlattenTo(rows);
        Write(rows.AsSpan(0, length), codebooks);
        ArrayPool<TCode>.Shared.Return(rows);
    }

    /// <summary>Writes frames with all codebooks, or the first of them.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">
    /// Codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; each below its codebook's size.
    /// </param>
    /// <param name="codebookCount">The number of codebooks, n, in [1, N], or null for all.</param>
    /// <param name="cancellationToken">Cancels the writing, after which the stream cannot be written on.</param>
    /// <returns>The end of it.</returns>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A code is outside its codebook, or <paramref name="codebookCount"/> out of range; nothing is written.
    /// </exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public async ValueTask WriteAsync<TCode>(
        ReadOnlyMemory<TCode> codes, int? codebookCount = null, CancellationToken cancellationToken = default)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var codebooks = codebookCount ?? Header.CodebookCount;
        Check(codes.Span, codebooks);
        while (!codes.IsEmpty)
        {
            codes = codes[_builder.Append(codes.Span, codebooks)..];
            await DrainAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Writes a chunk of another stream of the same codebooks as it is, without unpacking: to cut a bit rate, or to join streams.
    /// </summary>
    /// <param name="chunk">
    /// The chunk, which follows the frames written before whatever its own number is. After one that ends within a block nothing can be
    /// written.
    /// </param>
    /// <exception cref="ArgumentException">The chunk's stream has other codebooks, or it is a gap.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write(RvqChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        ThrowIfClosed();
        if (!chunk.IsFor(Header))
        {
            throw new ArgumentException("chunk is of a stream with other codebooks.", nameof(chunk));
        }

        if (chunk.IsGap)
        {
            throw new ArgumentException("chunk stands for frames that were lost; a stream stores no codes of -1.", nameof(chunk));
        }

        _builder.Append(chunk);
        Drain();
    }

    private void Check<TCode>(ReadOnlySpan<TCode> codes, int codebookCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowIfClosed();
        var rowLength = Header.GetCodesPerBlock(codebookCount);
        Argument.RowCount(codes.Length, rowLength, nameof(codes), Header.FramesPerBlock == 1 ? "codes of a frame" : "codes of a block");
        for (var (i, column) = (0, 0); i < codes.Length; i++)
        {
            if (!Argument.IsCode(codes[i], _sizes[column]))
            {
                throw Argument.NotCode(
                    codes[i],
                    nameof(codes),
                    $"row {i / rowLength}, column {column}, whose codebook has {_sizes[column]} codewords",
                    "a stream stores no such code, so write these frames with the codebooks before it (codebookCount, or RvqModel.Take).");
            }

            column = column + 1 == rowLength ? 0 : column + 1;
        }
    }
}
