using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Rvq.Streams;

/// <summary>
/// Writes codes as an .rvq stream to any <see cref="Stream"/> (a PipeWriter's AsStream among them), as they come and without seeking. Memory
/// for one chunk is in use. A stream is whole only after <see cref="Complete"/>; when a writer is disposed before, readers see that it
/// was cut off. Not thread-safe.
/// </summary>
public sealed class RvqWriter : IDisposable, IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ChunkBuilder _builder;
    private readonly int[] _sizes;
    private bool _completed;
    private bool _failed;

    /// <summary>Prepares a stream; the header goes out with the first codes.</summary>
    /// <param name="stream">Receives the bytes.</param>
    /// <param name="header">What the stream says of its codes, such as new RvqHeader(model).</param>
    /// <param name="framesPerChunk">
    /// The frames of a chunk, at least 1, rounded up to whole blocks; or null for about a second. A chunk is what is lost when a bit is
    /// wrong; it costs 26 bytes and 4 for every codebook.
    /// </param>
    /// <param name="leaveOpen">Whether the stream stays open when the writer is disposed.</param>
    /// <exception cref="ArgumentException">The header is not possible or longer than 1 MiB.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="framesPerChunk"/> is below 1.</exception>
    public RvqWriter(Stream stream, RvqHeader header, int? framesPerChunk = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(header);
        var frames = framesPerChunk ?? Math.Max(1, Math.Ceiling(header.FrameRate ?? 75));
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1, nameof(framesPerChunk));
        (_stream, _leaveOpen, Header) = (stream, leaveOpen, header);
        var bytes = RvqFormat.Serialize(header);
        _sizes = [.. Enumerable.Range(0, header.CodebookCount).SelectMany(i => Enumerable.Repeat(header.CodebookSizes[i], header.CodesPerBlock(i)))];
        _output.Write(bytes);
        _output.Write(bytes);
        var most = Math.Min(RvqFormat.MaxCodesPerChunk / header.GetCodesPerBlock(header.CodebookCount), int.MaxValue / header.FramesPerBlock);
        var blocks = Math.Min(Math.Ceiling(frames / header.FramesPerBlock), most);
        _builder = new ChunkBuilder(header, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - RvqFormat.ChecksumLength)), (int)blocks, _output);
    }

    /// <summary>What the stream says of its codes.</summary>
    public RvqHeader Header { get; }

    /// <summary>The frames written so far.</summary>
    public long FrameCount => _builder.BlockCount * Header.FramesPerBlock;

    /// <summary>Writes frames with all codebooks.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [T, N], or [blocks, codes per block] of a multi-scale model; each below its codebook's size.</param>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write<TCode>(ReadOnlySpan<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Write(codes, Header.CodebookCount);

    /// <summary>Writes frames with the first codebooks only; every call may have another number of them.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; each below its codebook's size.</param>
    /// <param name="codebookCount">The number of codebooks, n, in [1, N].</param>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook, or <paramref name="codebookCount"/> out of range; nothing is written.</exception>
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

    /// <summary>Writes frames with all codebooks, or the first of them.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [T, n], or [blocks, codes of n codebooks] of a multi-scale model; each below its codebook's size.</param>
    /// <param name="codebookCount">The number of codebooks, n, in [1, N], or null for all.</param>
    /// <param name="cancellationToken">Cancels the writing, after which the stream cannot be written on.</param>
    /// <returns>The end of it.</returns>
    /// <exception cref="ArgumentException">The length is not a multiple of a row's; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook, or <paramref name="codebookCount"/> out of range; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public async ValueTask WriteAsync<TCode>(ReadOnlyMemory<TCode> codes, int? codebookCount = null, CancellationToken cancellationToken = default)
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

    /// <summary>Writes a chunk of another stream of the same codebooks as it is, without unpacking: to cut a bit rate, or to join streams.</summary>
    /// <param name="chunk">The chunk, which follows the frames written before whatever its own number is.</param>
    /// <exception cref="ArgumentException">The chunk's stream has other codebooks.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Write(RvqChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        ThrowIfClosed();
        if (!chunk.IsFor(Header))
        {
            throw new ArgumentException("chunk is of a stream with other codebooks.", nameof(chunk));
        }

        _builder.Append(chunk.Payload, chunk.BlockCount, chunk.CodebookCount);
        Drain();
    }

    /// <summary>Sends on what has been gathered, as a chunk that may be shorter than others.</summary>
    /// <exception cref="InvalidOperationException">An earlier write failed.</exception>
    public void Flush()
    {
        ThrowIfFailed();
        _builder.Flush();
        Drain();
        _stream.Flush();
    }

    /// <summary>Sends on what has been gathered, as a chunk that may be shorter than others.</summary>
    /// <param name="cancellationToken">Cancels the writing, after which the stream cannot be written on.</param>
    /// <returns>The end of it.</returns>
    /// <exception cref="InvalidOperationException">An earlier write failed.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        _builder.Flush();
        await DrainAsync(cancellationToken).ConfigureAwait(false);
        await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes what has been gathered and the end mark. Nothing can be written afterwards.</summary>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Complete()
    {
        WriteEnd();
        Flush();
    }

    /// <summary>Writes what has been gathered and the end mark. Nothing can be written afterwards.</summary>
    /// <param name="cancellationToken">Cancels the writing, which leaves a stream without an end mark.</param>
    /// <returns>The end of it.</returns>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        WriteEnd();
        return FlushAsync(cancellationToken);
    }

    /// <summary>Closes the stream, unless it is to be left open. Codes that were not flushed are not written.</summary>
    public void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
        }
    }

    /// <summary>Closes the stream, unless it is to be left open. Codes that were not flushed are not written.</summary>
    /// <returns>The end of it.</returns>
    public ValueTask DisposeAsync() => _leaveOpen ? ValueTask.CompletedTask : _stream.DisposeAsync();

    private void Check<TCode>(ReadOnlySpan<TCode> codes, int codebookCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ThrowIfClosed();
        var rowLength = Header.GetCodesPerBlock(codebookCount);
        Argument.RowCount(codes.Length, rowLength, nameof(codes), Header.FramesPerBlock == 1 ? "codes of a frame" : "codes of a block");
        for (var (i, column) = (0, 0); i < codes.Length; i++)
        {
            if (TCode.IsNegative(codes[i]) || ulong.CreateSaturating(codes[i]) >= (ulong)_sizes[column])
            {
                throw new ArgumentOutOfRangeException(
                    nameof(codes), codes[i], $"codes holds {codes[i]} at row {i / rowLength}, column {column}, whose codebook has {_sizes[column]} codewords.");
            }

            column = column + 1 == rowLength ? 0 : column + 1;
        }
    }

    private void WriteEnd()
    {
        ThrowIfClosed();
        _completed = true;
        _builder.WriteEnd();
    }

    private void Drain()
    {
        if (_output.WrittenCount > 0)
        {
            _failed = true;
            _stream.Write(_output.WrittenSpan);
            _output.ResetWrittenCount();
            _failed = false;
        }
    }

    private async ValueTask DrainAsync(CancellationToken cancellationToken)
    {
        if (_output.WrittenCount > 0)
        {
            // A write that ends halfway leaves half a record; whatever came after it would be lost to strict readers.
            _failed = true;
            await _stream.WriteAsync(_output.WrittenMemory, cancellationToken).ConfigureAwait(false);
            _output.ResetWrittenCount();
            _failed = false;
        }
    }

    private void ThrowIfClosed()
    {
        ThrowIfFailed();
        if (_completed)
        {
            throw new InvalidOperationException("The stream has been completed; nothing can be written after its end mark.");
        }
    }

    private void ThrowIfFailed()
    {
        if (_failed)
        {
            throw new InvalidOperationException("An earlier write failed or was cancelled, so that the stream may end within a chunk.");
        }
    }
}
