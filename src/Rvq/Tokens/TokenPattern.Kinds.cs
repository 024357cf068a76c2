namespace Rvq.Tokens;

public sealed partial class TokenPattern
{
    /// <summary>Moshi's 17 streams: its text, then 8 codebooks of its own voice and 8 of the user's, acoustic ones one step late.</summary>
    public static TokenPattern Moshi { get; } = Delay([0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1], startSteps: 0);

    /// <summary>One step a frame, all codebooks together, after a start step of special tokens.</summary>
    /// <param name="codebookCount">The number of codebooks, at least 1.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookCount"/> is below 1.</exception>
    public static TokenPattern Parallel(int codebookCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookCount, 1);
        return Delay(new int[codebookCount]);
    }

    /// <summary>Every codebook later by its own number of steps (MusicGen: 0, 1, 2, 3).</summary>
    /// <param name="delays">The delay of each codebook in steps, at least 0; length N.</param>
    /// <param name="flattenFirst">The number of frames at the start whose codes get a step each.</param>
    /// <param name="startSteps">The steps of special tokens at the start: 1 in audiocraft, more with its empty_initial; 0 in Moshi.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentException"><paramref name="delays"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static TokenPattern Delay(ReadOnlySpan<int> delays, int flattenFirst = 0, int startSteps = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(flattenFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(startSteps);
        var late = Checked(delays, nameof(delays));
        var max = late.Max();
        return new TokenPattern(
            late.Length,
            max,
            (frame, codebook, frames) => startSteps + (frame < flattenFirst
                ? ((long)frame * late.Length) + codebook
                : ((long)flattenFirst * late.Length) + frame - flattenFirst + late[codebook]),
            frames => startSteps + ((long)Math.Min(frames, flattenFirst) * late.Length) + Math.Max(0, (long)frames + max - flattenFirst));
    }

    /// <summary>Several steps a frame: codebooks with the same inner step share one, after a start step of special tokens.</summary>
    /// <param name="innerSteps">The inner step of each codebook, in ascending order (audiocraft's flattening); length N.</param>
    /// <param name="delays">
    /// The delay of each codebook in frames, in ascending order, equal within an inner step; or empty for none.
    /// </param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentException">Numbers that are negative, not in ascending order, or do not fit each other.</exception>
    public static TokenPattern Unroll(ReadOnlySpan<int> innerSteps, ReadOnlySpan<int> delays = default)
    {
        var inner = Ascending(innerSteps, nameof(innerSteps));
        var late = delays.IsEmpty ? new int[inner.Length] : Ascending(delays, nameof(delays));
        Argument.ThrowIfNotLength(late.Length, nameof(delays), inner.Length, "innerSteps");
        for (var q = 1; q < inner.Length; q++)
        {
            if (inner[q] == inner[q - 1] && late[q] != late[q - 1])
            {
                throw new ArgumentException(
                    $"Codebooks {q - 1} and {q} share inner step {inner[q]}, but have the delays {late[q - 1]} and {late[q]}.",
                    nameof(delays));
            }
        }

        // A codebook leads its group when it is the first with its inner step; inner steps without a codebook stay empty.
        var leaders = Enumerable.Range(0, inner.Length).Where(q => q == 0 || inner[q] != inner[q - 1]).ToArray();
        var empty = inner[^1] + 1 - leaders.Length;
        var max = late[^1];
        var delaySum = leaders.Sum(leader => (long)late[leader]);

        // Before a time step come those of all earlier times, and in it the empty ones, then the groups by frame, the later groups first.
        return new TokenPattern(
            inner.Length,
            max,
            (frame, codebook, frames) =>
            {
                var time = (long)frame + late[codebook];
                var step = 1 + ((time + 1) * empty);
                foreach (var leader in leaders)
                {
                    var before = late[leader] > late[codebook] || (late[leader] == late[codebook] && inner[leader] < inner[codebook]);
                    step += Math.Max(0, time - late[leader] + (before ? 1 : 0));
                }

                return step;
            },
            frames => 1 + (((long)frames + max) * (empty + leaders.Length)) - delaySum);
    }

    /// <summary>
    /// First all frames of codebook 0, then the other codebooks with delays of their own, after a start step of special tokens.
    /// </summary>
    /// <param name="delays">The delay of each codebook but the first in steps, at least 0; length N − 1.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentException"><paramref name="delays"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A delay is negative.</exception>
    public static TokenPattern CoarseFirst(ReadOnlySpan<int> delays)
    {
        var late = Checked(delays, nameof(delays));
        var max = late.Max();
        return new TokenPattern(
            late.Length + 1,
            max,
            (frame, codebook, frames) => 1L + frame + (codebook == 0 ? 0 : (long)frames + late[codebook - 1]),
            frames => 1 + (2L * frames) + max);
    }

    /// <summary>
    /// One code a step, groups of codebooks one after the other and frames in turn within a group, after a start step (audiocraft's MusicLM
    /// pattern).
    /// </summary>
    /// <param name="codebookCount">The number of codebooks, a multiple of <paramref name="groupSize"/>.</param>
    /// <param name="groupSize">The codebooks of a group, at least 1.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    /// <exception cref="ArgumentException"><paramref name="codebookCount"/> is not a multiple of <paramref name="groupSize"/>.</exception>
    public static TokenPattern MusicLM(int codebookCount, int groupSize = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        if (codebookCount % groupSize != 0)
        {
            throw Argument.NotMultiple($"codebookCount is {codebookCount}", $"groupSize = {groupSize}", nameof(codebookCount));
        }

        return new TokenPattern(
            codebookCount,
            0,
            (frame, codebook, frames) => 1 + ((((long)codebook / groupSize * frames) + frame) * groupSize) + (codebook % groupSize),
            frames => 1 + ((long)frames * codebookCount));
    }

    private static int[] Checked(ReadOnlySpan<int> numbers, string name)
    {
        if (numbers.IsEmpty)
        {
            throw new ArgumentException($"{name} is empty.", name);
        }

        foreach (var number in numbers)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(number, name);
        }

        return numbers.ToArray();
    }

    private static int[] Ascending(ReadOnlySpan<int> numbers, string name)
    {
        var array = Checked(numbers, name);
        for (var i = 1; i < array.Length; i++)
        {
            if (array[i] < array[i - 1])
            {
                throw new ArgumentException($"{name} holds {array[i]} after {array[i - 1]}; it must be in ascending order.", name);
            }
        }

        return array;
    }
}
