using System.Runtime.CompilerServices;

namespace Rvq.Streams;

/// <summary>
/// Reads an .rvq stream, chunk by chunk, from any <see cref="Stream"/> (a PipeReader's AsStream among them). No seeking is needed; where
/// the stream can seek, unwanted codebooks are not even read. The memory in use is bounded by the largest chunk: 64 MB, whatever the stream
/// says, and usually some kilobytes. Not thread-safe.
/// </summary>
public sealed partial class RvqReader : IDisposable, IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly RvqParser _parser;
    private readonly RvqModel? _model;

    private RvqReader(Stream stream, RvqParser parser, RvqHeader header, RvqModel? model, bool leaveOpen)
        => (_stream, _parser, Header, _model, _leaveOpen) = (stream, parser, header, model, leaveOpen);

    /// <summary>What the stream says of its codes.</summary>
    public RvqHeader Header { get; }

    /// <summary>
    /// The frames of the whole stream, those lost among them, or null until it has said so: at its end mark, or before the last chunk where
    /// it ends within a multi-scale model's block.
    /// </summary>
    public long? FrameCount => _parser.FrameCount;

    /// <summary>Whether the end mark has been read: the stream has not been cut off.</summary>
    public bool IsComplete => _parser.IsComplete;

    /// <summary>The frames known to be missing so far; those behind the last chunk of a stream that was cut off are not known.</summary>
    public long FramesLost => _parser.FramesLost;

    /// <summary>The damaged places so far, each up to the next sound chunk.</summary>
    public int FaultCount => _parser.FaultCount;

    /// <summary>The first fault, with chunk and offset, or null.</summary>
    public string? FirstFault => _parser.FirstFault;

    /// <summary>Opens a file, which may still be written, and reads the header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The model that Decode uses, or null where the codes are all that is wanted.</param>
    /// <param name="options">How to read, or null for strictly.</param>
    /// <returns>A reader of the chunks that closes the file when it is disposed.</returns>
    /// <exception cref="InvalidDataException">The header is not sound; or, where the reader recovers, neither of its copies.</exception>
    /// <exception cref="ArgumentException">The stream was written with another model, and the options do not allow that.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RvqReader Open(string path, RvqModel? model = null, RvqReaderOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            return Open(stream, model, options);
        }
        catch (InvalidDataException e)
        {
            stream.Dispose();
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads the header.</summary>
    /// <param name="stream">The stream, at its start.</param>
    /// <param name="model">The model that Decode uses, or null where the codes are all that is wanted.</param>
    /// <param name="options">How to read, or null for strictly.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the reader is disposed.</param>
    /// <returns>A reader of the chunks.</returns>
    /// <exception cref="InvalidDataException">The header is not sound; or, where the reader recovers, neither of its copies.</exception>
    /// <exception cref="ArgumentException">The stream was written with another model, and the options do not allow that.</exception>
    public static RvqReader Open(Stream stream, RvqModel? model = null, RvqReaderOptions? options = null, bool leaveOpen = false)
    {
        var parser = CreateParser(stream, options);
        RvqHeader? header;
        while ((header = parser.TryReadHeader()) is null)
        {
            parser.Buffer.Filled(stream.Read(parser.Buffer.GetSpace().Span));
        }

        ThrowIfOtherModel(model, header, options);
        return new RvqReader(stream, parser, header, model, leaveOpen);
    }

    /// <summary>Reads the header.</summary>
    /// <param name="stream">The stream, at its start.</param>
    /// <param name="model">The model that Decode uses, or null where the codes are all that is wanted.</param>
    /// <param name="options">How to read, or null for strictly.</param>
    /// <param name="leaveOpen">Whether the stream stays open when the reader is disposed.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A reader of the chunks.</returns>
    /// <exception cref="InvalidDataException">The header is not sound; or, where the reader recovers, neither of its copies.</exception>
    /// <exception cref="ArgumentException">The stream was written with another model, and the options do not allow that.</exception>
    public static async ValueTask<RvqReader> OpenAsync(
        Stream stream,
        RvqModel? model = null,
        RvqReaderOptions? options = null,
        bool leaveOpen = false,
        CancellationToken cancellationToken = default)
    {
        var parser = CreateParser(stream, options);
        RvqHeader? header;
        while ((header = parser.TryReadHeader()) is null)
        {
            parser.Buffer.Filled(await stream.ReadAsync(parser.Buffer.GetSpace(), cancellationToken).ConfigureAwait(false));
        }

        ThrowIfOtherModel(model, header, options);
        return new RvqReader(stream, parser, header, model, leaveOpen);
    }

    /// <summary>Reads the next chunk.</summary>
    /// <returns>The chunk, or null at the end.</returns>
    /// <exception cref="InvalidDataException">
    /// Something is not sound or missing, and the reader is strict; the message says in which chunk and where.
    /// </exception>
    public RvqChunk? ReadChunk()
    {
        RvqChunk? chunk;
        while (!_parser.TryReadChunk(out chunk))
        {
            if (!TrySkip())
            {
                _parser.Buffer.Filled(_stream.Read(_parser.Buffer.GetSpace().Span));
            }
        }

        return chunk;
    }

    /// <summary>Reads the next chunk. A call that was cancelled can be made again.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The chunk, or null at the end.</returns>
    /// <exception cref="InvalidDataException">
    /// Something is not sound or missing, and the reader is strict; the message says in which chunk and where.
    /// </exception>
    public async ValueTask<RvqChunk?> ReadChunkAsync(CancellationToken cancellationToken = default)
    {
        RvqChunk? chunk;
        while (!_parser.TryReadChunk(out chunk))
        {
            if (!TrySkip())
            {
                _parser.Buffer.Filled(await _stream.ReadAsync(_parser.Buffer.GetSpace(), cancellationToken).ConfigureAwait(false));
            }
        }

        return chunk;
    }

    /// <summary>Reads all chunks that are left.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The chunks as they come.</returns>
    /// <exception cref="InvalidDataException">
    /// Something is not sound or missing, and the reader is strict; the message says in which chunk and where.
    /// </exception>
    public async IAsyncEnumerable<RvqChunk> ReadChunksAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadChunkAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
        {
            yield return chunk;
        }
    }

    /// <summary>Closes the stream, unless it is to be left open.</summary>
    public void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
        }
    }

    /// <summary>Closes the stream, unless it is to be left open.</summary>
    /// <returns>The end of it.</returns>
    public ValueTask DisposeAsync() => _leaveOpen ? ValueTask.CompletedTask : _stream.DisposeAsync();

    private static RvqParser CreateParser(Stream stream, RvqReaderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(options?.CodebookCount ?? 1, 1, nameof(options));
        return new RvqParser(options?.Recover ?? false, options?.FillGaps ?? false, options?.CodebookCount);
    }

    /// <summary>Refuses a model that cannot or should not decode a stream. It may have more codebooks than the stream.</summary>
    private static void ThrowIfOtherModel(RvqModel? model, RvqHeader header, RvqReaderOptions? options)
    {
        if (model is null)
        {
            return;
        }

        if (model.CodebookCount < header.CodebookCount)
        {
            throw new ArgumentException(
                $"model has {model.CodebookCount} codebooks, but the stream's has {header.CodebookCount}.", nameof(model));
        }

        var own = new RvqHeader(model.Take(header.CodebookCount));
        if (!own.CodebookSizes.SequenceEqual(header.CodebookSizes) || !own.Strides.SequenceEqual(header.Strides)
            || own.FramesPerBlock != header.FramesPerBlock)
        {
            throw new ArgumentException("model has codebooks of other sizes or strides than the stream's.", nameof(model));
        }

        if (own.Fingerprint != header.Fingerprint && options is not { AllowOtherModel: true })
        {
            throw new ArgumentException(
                $"model has the fingerprint {own.Fingerprint:x32}, but the stream's has {header.Fingerprint:x32}; "
                    + "AllowOtherModel insists on decoding.",
                nameof(model));
        }
    }

    private bool TrySkip()
    {
        if (_parser.Buffer.Skip == 0 || !_stream.CanSeek)
        {
            return false;
        }

        var skip = _parser.Buffer.Skip;
        _stream.Seek(skip, SeekOrigin.Current);
        _parser.Buffer.Skipped(skip);
        return true;
    }
}
