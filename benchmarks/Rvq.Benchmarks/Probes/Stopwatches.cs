using System.Diagnostics;

namespace Rvq.Benchmarks.Probes;

/// <summary>Times contenders in turns within one process, so that what the machine does beside hits all of them.</summary>
internal static class Stopwatches
{
    private const int Rounds = 9;
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(25);

    /// <summary>The median microseconds of one call of each contender.</summary>
    public static double[] Medians(int callCount, params Action<int>[] contenders)
    {
        foreach (var contender in contenders)
        {
            WarmUp(contender, callCount);
        }

        var times = Array.ConvertAll(contenders, _ => new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                times[i][round] = Time(contenders[i], callCount, Turn);
            }
        }

        return Array.ConvertAll(times, each =>
        {
            Array.Sort(each);
            return each[Rounds / 2];
        });
    }

    /// <summary>Calls until the optimising compiler has had its turn.</summary>
    public static void WarmUp(Action<int> contender, int callCount) => Time(contender, callCount, WarmUpTime);

    private static double Time(Action<int> contender, int callCount, TimeSpan least)
    {
        var (calls, start) = (0L, Stopwatch.GetTimestamp());
        TimeSpan elapsed;
        do
        {
            contender((int)(calls++ % callCount));
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < least);
        return elapsed.TotalMicroseconds / calls;
    }
}
