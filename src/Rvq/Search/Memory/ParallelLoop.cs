namespace Rvq.Search;

/// <summary>Splits frames into passes and distributes these over threads.</summary>
internal static class ParallelLoop
{
    /// <summary>Works on items first…first + count − 1 with the scratch of its thread.</summary>
    public delegate void Pass<TScratch>(TScratch scratch, long first, int count);

    /// <summary>Does <paramref name="work"/> for each item, on at most <paramref name="degree"/> threads.</summary>
    public static void ForEach<T>(IReadOnlyList<T> items, int degree, Action<T> work)
    {
        if (degree > 1)
        {
            Parallel.For(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = degree }, i => work(items[i]));
            return;
        }

        foreach (var item in items)
        {
            work(item);
        }
    }

    /// <summary>
    /// Runs <paramref name="pass"/> over [0, total) in steps of at most <paramref name="step"/>, on at most <paramref name="degree"/>
    /// threads.
    /// </summary>
    public static void Run<TScratch>(long total, int step, int degree, ScratchPool<TScratch> pool, Pass<TScratch> pass)
        where TScratch : class
    {
        var passes = (total + step - 1) / step;
        var next = -1L;
        var workers = (int)Math.Min(degree, passes);
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = degree }, _ =>
        {
            var scratch = pool.Rent();
            for (var index = Interlocked.Increment(ref next); index < passes; index = Interlocked.Increment(ref next))
            {
                var first = index * step;
                pass(scratch, first, (int)Math.Min(step, total - first));
            }

            pool.Return(scratch);
        });
    }
}
