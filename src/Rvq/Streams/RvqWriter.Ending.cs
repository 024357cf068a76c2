namespace Rvq.Streams;

public sealed partial class RvqWriter
{
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
    public void Complete() => Complete(FrameCount);

    /// <summary>
    /// Writes what has been gathered, how many frames the stream has, and the end mark. Nothing can be written afterwards.
    /// </summary>
    /// <param name="frameCount">
    /// The frames that are not filling, where the last block of a multi-scale model was filled up: more than <see cref="FrameCount"/>
    /// without the last block, and at most <see cref="FrameCount"/>. The reader's last chunk then has so many fewer; only where <see
    /// cref="Flush"/> sent that chunk off before, it has not, and <see cref="RvqReader.FrameCount"/> alone tells.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="frameCount"/> is out of that range; nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed, or an earlier write failed.</exception>
    public void Complete(long frameCount)
    {
        WriteEnd(frameCount);
        Flush();
    }

    /// <inheritdoc cref="Complete()"/>
    /// <param name="cancellationToken">Cancels the writing, which leaves a stream without an end mark.</param>
    /// <returns>The end of it.</returns>
    public ValueTask CompleteAsync(CancellationToken cancellationToken = default) => CompleteAsync(FrameCount, cancellationToken);

    /// <inheritdoc cref="Complete(long)"/>
    /// <param name="frameCount">The frames that are not filling, as for <see cref="Complete(long)"/>.</param>
    /// <param name="cancellationToken">Cancels the writing, which leaves a stream without an end mark.</param>
    /// <returns>The end of it.</returns>
    public ValueTask CompleteAsync(long frameCount, CancellationToken cancellationToken = default)
    {
        WriteEnd(frameCount);
        return FlushAsync(cancellationToken);
    }

    /// <summary>
    /// Writes what has been gathered, unless an earlier write failed, and closes the stream, unless it is to be left open.
    /// </summary>
    /// <exception cref="IOException">What has been gathered cannot be written; the stream is closed all the same.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        try
        {
            if (!_completed && !_failed)
            {
                Flush();
            }
        }
        finally
        {
            _disposed = true;
            if (!_leaveOpen)
            {
                _stream.Dispose();
            }
        }
    }

    /// <inheritdoc cref="Dispose"/>
    /// <returns>The end of it.</returns>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        try
        {
            if (!_completed && !_failed)
            {
                await FlushAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _disposed = true;
            if (!_leaveOpen)
            {
                await _stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private void WriteEnd(long frameCount)
    {
        ThrowIfFailed();
        ThrowIfCompleted();
        if (frameCount < _builder.LeastFrameCount || frameCount > FrameCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(frameCount),
                frameCount,
                $"frameCount must be in [{_builder.LeastFrameCount}, {FrameCount}] by the blocks that were written, but is {frameCount}.");
        }

        _completed = true;
        _builder.WriteEnd(frameCount);
    }

    private void Drain()
    {
        if (_output.WrittenCount > 0)
        {
            // A write that ends halfway leaves half a record; whatever came after it would be lost to strict readers.
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
            _failed = true;
            await _stream.WriteAsync(_output.WrittenMemory, cancellationToken).ConfigureAwait(false);
            _output.ResetWrittenCount();
            _failed = false;
        }
    }

    /// <summary>Refuses frames where none can follow.</summary>
    private void ThrowIfClosed()
    {
        ThrowIfFailed();
        ThrowIfCompleted();
        if (_builder.HasEnded)
        {
            throw new InvalidOperationException(
                $"The stream ends within its last block, after {FrameCount} frames; it can only be completed.");
        }
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException("The stream has been completed; nothing can be written after its end mark.");
        }
    }

    private void ThrowIfFailed()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failed)
        {
            throw new InvalidOperationException("An earlier write failed or was cancelled, so that the stream may end within a chunk.");
        }
    }
}
