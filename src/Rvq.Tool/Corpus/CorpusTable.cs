namespace Rvq.Tool.Corpus;

/// <summary>Makes one sequence of clips of many inputs: in their order, several at a time, few in memory.</summary>
/// <param name="Items">The inputs.</param>
/// <param name="Threads">The clips that are worked on at a time.</param>
/// <param name="Progress">Is told of frames and inputs.</param>
internal sealed record CorpusTable(IReadOnlyList<CorpusItem> Items, int Threads, CorpusProgress Progress)
{
    private readonly List<(int Position, string Text)> _faults = [];

    /// <summary>The inputs that were bad, once all clips have been taken. Clips that come before the fault are there.</summary>
    public IReadOnlyList<(int Position, string Text)> Faults => _faults;

    /// <summary>The clips.</summary>
    /// <param name="open">Opens an input.</param>
    /// <param name="convert">Makes a clip of an input's clip; on any thread.</param>
    /// <param name="cancellation">Stops it.</param>
    public IEnumerable<Clip<TOut>> Clips<TIn, TOut>(
        Func<CorpusItem, ClipFile<TIn>> open, Func<Clip<TIn>, Clip<TOut>> convert, CancellationToken cancellation)
    {
        var queue = new Queue<(int Position, Task<Clip<TOut>> Clip)>();
        for (var position = 0; position < Items.Count; position++)
        {
            foreach (var clip in Read(position, open))
            {
                cancellation.ThrowIfCancellationRequested();
                var conversion = Task.Run(() => InMemory(convert(clip)), cancellation);
                if (!IsShort(clip))
                {
                    // It is read where it lies, so its input waits for it.
                    Task.WaitAny([conversion], cancellation);
                }

                queue.Enqueue((position, conversion));
                if (queue.Count > 2 * Threads && Take(queue, cancellation) is { } first)
                {
                    yield return first;
                }
            }
        }

        while (queue.Count > 0)
        {
            if (Take(queue, cancellation) is { } next)
            {
                yield return next;
            }
        }
    }

    // One part of a clip: what the queue holds is a few of those and of results, whatever the length of the clips.
    private static bool IsShort<T>(Clip<T> clip) => clip.Count <= clip.Step;

    private static Clip<T> Ready<T>(Clip<T> clip) => IsShort(clip) ? InMemory(clip) : clip;

    private static Clip<T> InMemory<T>(Clip<T> clip) => new Clip<T>(clip.Id, clip.ReadAll(), clip.Width);

    private IEnumerable<Clip<T>> Read<T>(int position, Func<CorpusItem, ClipFile<T>> open)
    {
        var item = Items[position];
        if (!Try(position, () => open(item), out var file))
        {
            Progress.Failed(item.Path);
            yield break;
        }

        using (file)
        {
            using var clips = file.Clips.GetEnumerator();
            while (true)
            {
                if (!Try(position, () => clips.MoveNext() ? Ready(clips.Current) : null, out var clip))
                {
                    Progress.Failed(item.Path);
                    yield break;
                }

                if (clip is null)
                {
                    break;
                }

                yield return clip;
            }
        }

        Progress.Done(item.Path);
    }

    private Clip<T>? Take<T>(Queue<(int Position, Task<Clip<T>> Clip)> queue, CancellationToken cancellation)
    {
        var (position, task) = queue.Dequeue();
        cancellation.ThrowIfCancellationRequested();
        return Try(position, () => task.GetAwaiter().GetResult(), out var clip) ? clip : null;
    }

    private bool Try<T>(int position, Func<T> work, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T result)
    {
        try
        {
            result = work();
            return true;
        }
#pragma warning disable CA1031 // Whatever is wrong with an input, the others are done.
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            _faults.Add((position, Shell.Named(Items[position].Path, fault)));
            result = default;
            return false;
        }
    }
}
