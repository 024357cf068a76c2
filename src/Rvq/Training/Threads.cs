namespace Rvq.Training;

/// <summary>Runs independent pieces of work, each on one thread, so that results do not depend on how many there are.</summary>
internal static class Threads
{
    private const int RowsPerBlock = 1024;

    public static void For(int count, int threads, Action<int> action)
    {
        if (threads == 1)
        {
            for (var i = 0; i < count; i++)
            {
                action(i);
            }
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, action);
        }
    }

    /// <summary>The rows in blocks; the action gets the first row and the one after the last.</summary>
    public static void ForRows(int rows, int threads, Action<int, int> action)
        => For((rows + RowsPerBlock - 1) / RowsPerBlock, threads, block
            => action(block * RowsPerBlock, Math.Min(rows, (block + 1) * RowsPerBlock)));
}
