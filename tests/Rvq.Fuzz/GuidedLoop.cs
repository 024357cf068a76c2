using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Rvq.Fuzz;

/// <summary>
/// Coverage-guided fuzzing within the process, where neither AFL nor libFuzzer is at hand: what reaches a branch of the instrumented
/// library that nothing reached before, or another order of times, joins the inputs that are changed further.
/// </summary>
internal static unsafe class GuidedLoop
{
    private const int MapLength = 1 << 16;
    private const long MostBytes = 64_000_000;

    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(MapLength);

    /// <summary>Gives the instrumented library the memory that it counts branches in; it cannot run without.</summary>
    public static void Attach() => SharpFuzz.Common.Trace.SharedMem = Map;

    /// <summary>Runs for a time; false after a finding, which is saved in the working directory.</summary>
    public static bool Run(Action<byte[]> read, List<byte[]> corpus, TimeSpan time)
    {
        var map = new Span<byte>(Map, MapLength);
        var seen = new byte[MapLength];
        var random = new Random(1);
        corpus.Add(new byte[16]);
        var seeds = corpus.Count;
        var runs = 0L;
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < time; runs++)
        {
            var input = runs < seeds ? corpus[(int)runs] : Change(corpus, random);
            map.Clear();
            SharpFuzz.Common.Trace.PrevLocation = 0;
            if (Finding(read, input) is { } finding)
            {
                var name = $"finding-{Convert.ToHexStringLower(SHA256.HashData(input))[..12]}";
                File.WriteAllBytes(name, input);
                Console.WriteLine($"{name} after {runs} runs: {finding}");
                return false;
            }

            if (IsNew(map, seen) && runs >= seeds)
            {
                corpus.Add(input);
            }
        }

        var branches = MapLength - seen.AsSpan().Count((byte)0);
        Console.WriteLine($"{runs} runs, {branches} branches, {corpus.Count} inputs of interest, no finding.");
        return branches > 0 ? true : throw new InvalidOperationException("Rvq.dll is not instrumented: see README.md.");
    }

    private static string? Finding(Action<byte[]> read, byte[] input)
    {
        var (start, before) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        try
        {
            read(input);
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        return bytes > MostBytes ? $"{bytes} bytes of memory"
            : Stopwatch.GetElapsedTime(start).TotalSeconds > 5 ? "more than five seconds"
            : null;
    }

    /// <summary>Marks branches by how often they ran, in powers of two.</summary>
    private static bool IsNew(ReadOnlySpan<byte> map, byte[] seen)
    {
        var isNew = false;
        for (var i = map.IndexOfAnyExcept((byte)0); i >= 0;)
        {
            var bucket = (byte)(1 << int.Log2(map[i]));
            isNew |= (seen[i] & bucket) == 0;
            seen[i] |= bucket;
            var next = map[(i + 1)..].IndexOfAnyExcept((byte)0);
            i = next < 0 ? -1 : i + 1 + next;
        }

        return isNew;
    }

    private static byte[] Change(List<byte[]> corpus, Random random)
    {
        var bytes = (byte[])corpus[random.Next(corpus.Count)].Clone();
        for (var times = 1 << random.Next(4); times > 0; times--)
        {
            var at = random.Next(bytes.Length + 1);
            var length = Math.Min(1 << random.Next(6), bytes.Length - at);
            var other = corpus[random.Next(corpus.Count)];
            var from = random.Next(other.Length + 1);
            var piece = other.AsSpan(from, Math.Min(1 << random.Next(8), other.Length - from));
            switch (random.Next(6))
            {
                case 0 when length > 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when length > 0:
                    random.NextBytes(bytes.AsSpan(at, Math.Min(4, length)));
                    break;
                case 2 when length > 0:
                    bytes.AsSpan(at, length).Fill((byte)random.Next(-1, 2));
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. bytes[(at + length)..]];
                    break;
                case 4 when bytes.Length < 1 << 16:
                    bytes = [.. bytes[..at], .. piece, .. bytes[at..]];
                    break;
                default:
                    piece[..Math.Min(piece.Length, bytes.Length - at)].CopyTo(bytes.AsSpan(at));
                    break;
            }
        }

        return bytes;
    }
}
