using System.Collections.Concurrent;
using Rvq.Tool.Files;

namespace Rvq.Tool.Corpus;

/// <summary>Makes one output of each of many inputs, in parallel. An input that cannot be used does not stop the others.</summary>
internal sealed class CorpusRun(Shell shell, CorpusOptions options)
{
    /// <summary>Writes an input's output.</summary>
    /// <param name="item">The input.</param>
    /// <param name="output">The output.</param>
    /// <param name="progress">To be told of frames.</param>
    public delegate void Converter(CorpusItem item, Stream output, CorpusProgress progress);

    /// <summary>Works on the run's part of the inputs.</summary>
    /// <param name="all">All inputs, of all parts.</param>
    /// <param name="extension">The end of the name of an input's output.</param>
    /// <param name="identity">What all outputs of the folder have in common.</param>
    /// <param name="isWhole">Whether the output (first) of an input (second) need not be made again.</param>
    /// <param name="convert">Makes an output.</param>
    /// <param name="cancellation">Stops it; no output is half then.</param>
    /// <returns>The exit code: <see cref="Shell.BadInput"/> where an input was bad.</returns>
    public int Run(
        IReadOnlyList<CorpusItem> all,
        Func<CorpusItem, string> extension,
        SortedDictionary<string, string> identity,
        Func<string, string, bool> isWhole,
        Converter convert,
        CancellationToken cancellation)
    {
        var work = Targets(all, extension).Where((_, position) => options.Shard.Has(position)).ToArray();
        CorpusFolder.Claim(options.Folder, identity);
        foreach (var folder in work.Select(item => Path.GetDirectoryName(item.Target)!).Distinct())
        {
            Directory.CreateDirectory(folder);
            CorpusFolder.Sweep(folder);
        }

        var faults = new ConcurrentBag<(int Position, string Text)>();
        using var progress = new CorpusProgress(shell, work.Select(item => item.Item.Path), options.FrameRate);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation };
        Parallel.ForEach(Partitioner.Create(work.Index(), EnumerablePartitionerOptions.NoBuffering), parallel, entry =>
        {
            var (item, target) = entry.Item;
            try
            {
                if (options.Resume && isWhole(target, item.Path))
                {
                    progress.Skipped(item.Path);
                    return;
                }

                ThrowIfInput(target, item);
                shell.Write(target, stream => convert(item, stream, progress));
                progress.Done(item.Path);
            }
#pragma warning disable CA1031 // Whatever is wrong with an input, the others are done.
            catch (Exception fault) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
            {
                faults.Add((entry.Index, Shell.Named(item.Path, fault)));
                progress.Failed(item.Path);
            }
        });
        cancellation.ThrowIfCancellationRequested();
        progress.Finish(options.Folder);
        return Report(shell, faults, work.Length);
    }

    /// <summary>Lists bad inputs with their reasons.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(Shell shell, IEnumerable<(int Position, string Text)> faults, int count)
    {
        var texts = faults.OrderBy(fault => fault.Position).Select(fault => fault.Text).ToArray();
        foreach (var text in texts)
        {
            shell.Warn(text);
        }

        return texts.Length == 0 ? Shell.Success : shell.Fail($"{texts.Length} of {count} inputs failed", Shell.BadInput);
    }

    private IEnumerable<(CorpusItem Item, string Target)> Targets(IReadOnlyList<CorpusItem> all, Func<CorpusItem, string> extension)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in all)
        {
            var target = item.Name + extension(item);
            if (!seen.TryAdd(target, item.Path))
            {
                throw new InvalidDataException(
                    $"{item.Path} and {seen[target]} would both be written to {Path.Combine(options.Folder, target)}.");
            }

            yield return (item, Path.Combine(options.Folder, target));
        }
    }

    private static void ThrowIfInput(string target, CorpusItem item)
    {
        if (SameFile.WouldOverwrite(target, item.Path))
        {
            throw new InvalidDataException("Its output would be the input itself; another --output-dir is needed.");
        }
    }
}
