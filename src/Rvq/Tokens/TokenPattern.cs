using System.Numerics;
using Rvq.Streams;

namespace Rvq.Tokens;

/// <summary>
/// How a language model with one stream per codebook sees codes: every codebook's code of every frame is given a step, and places
/// without a code hold a special token. The patterns are audiocraft's (MusicGen) and Moshi's. Immutable and thread-safe.
/// </summary>
public sealed class TokenPattern
{
    // (frame, codebook, frames) → step, and frames → steps; both grow with the frame.
    private readonly Func<int, int, int, long> _step;
    private readonly Func<int, long> _stepCount;

    private TokenPattern(int codebookCount, int maxDelay, Func<int, int, int, long> step, Func<int, long> stepCount)
    {
        CodebookCount = codebookCount;
        MaxDelay = maxDelay;
        _step = step;
        _stepCount = stepCount;
    }

    /// <summary>Moshi's 17 streams: its text, then 8 codebooks of its own voice and 8 of the user's, acoustic ones one step late.</summary>
    public static TokenPattern Moshi { get; } = Delay([0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1], startSteps: 0);

    /// <summary>The number of codebooks (streams), N.</summary>
    public int CodebookCount { get; }

    /// <summary>The steps at the end that hold only the rest of late codebooks; audiocraft's "valid" sequence and Moshi's leave them out.</summary>
    public int MaxDelay { get; }

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
    /// <param name="delays">The delay of each codebook in frames, in ascending order, equal within an inner step; or empty for none.</param>
    /// <returns>The pattern.</returns>
    /// <exception cref="ArgumentException">Numbers that are negative, not in ascending order, or do not fit each other.</exception>
    public static TokenPattern Unroll(ReadOnlySpan<int> innerSteps, ReadOnlySpan<int> delays = default)
    {
        var inner = Ascending(innerSteps, nameof(innerSteps));
        var late = delays.IsEmpty ? new int[inner.Length] : Ascending(delays, nameof(delays));
        Buffers.ThrowIfNotLength<int>(late, nameof(delays), inner.Length, "innerSteps");
        for (var q = 1; q < inner.Length; q++)
        {
            if (inner[q] == inner[q - 1] && late[q] != late[q - 1])
            {
                throw new ArgumentException(
                    $"Codebooks {q - 1} and {q} share inner step {inner[q]}, but have the delays {late[q - 1]} and {late[q]}.", nameof(delays));
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

    /// <summary>First all frames of codebook 0, then the other codebooks with delays of their own, after a start step of special tokens.</summary>
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

    /// <summary>One code a step, groups of codebooks one after the other and frames in turn within a group, after a start step (audiocraft's MusicLM pattern).</summary>
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
            throw new ArgumentException($"codebookCount is {codebookCount}, which is not a multiple of groupSize = {groupSize}.", nameof(codebookCount));
        }

        return new TokenPattern(
            codebookCount,
            0,
            (frame, codebook, frames) => 1 + ((((long)codebook / groupSize * frames) + frame) * groupSize) + (codebook % groupSize),
            frames => 1 + ((long)frames * codebookCount));
    }

    /// <summary>The steps that hold all codes of a number of frames.</summary>
    /// <param name="frameCount">The number of frames, T, at least 0.</param>
    /// <returns>The steps, S. The first S − <see cref="MaxDelay"/> are audiocraft's valid steps; Moshi keeps the first T.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="frameCount"/> is negative, or the steps are too many for an int.</exception>
    public int GetStepCount(int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frameCount);
        var steps = _stepCount(frameCount);
        return steps <= int.MaxValue
            ? (int)steps
            : throw new ArgumentOutOfRangeException(nameof(frameCount), frameCount, $"{frameCount} frames take {steps} steps; at most {int.MaxValue} are possible.");
    }

    /// <summary>The most frames whose codes all lie within a number of steps.</summary>
    /// <param name="stepCount">The number of steps, at least 0.</param>
    /// <returns>The largest T with <see cref="GetStepCount"/>(T) ≤ <paramref name="stepCount"/>, or 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="stepCount"/> is negative.</exception>
    public int GetFrameCount(int stepCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stepCount);
        var (low, high) = (0, stepCount);
        while (low < high)
        {
            var middle = (int)(((long)low + high + 1) / 2);
            (low, high) = _stepCount(middle) <= stepCount ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    /// <summary>Gives the codes of frames their steps.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes and the special token.</typeparam>
    /// <param name="codes">Codes, row-major [T, N].</param>
    /// <param name="tokens">Receives the tokens, row-major [S, N], S at most <see cref="GetStepCount"/>(T); codes of later steps are left out.</param>
    /// <param name="specialToken">The token of a place without a code (audiocraft: the codebooks' size).</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Arrange<TCode>(ReadOnlySpan<TCode> codes, Span<TCode> tokens, TCode specialToken)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (frames, steps) = Check(codes, tokens);
        Buffers.ThrowIfOverlapping<TCode, TCode>(codes, tokens, nameof(tokens));
        tokens.Fill(specialToken);
        for (var (frame, i) = (0, 0); frame < frames; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++, i++)
            {
                if (_step(frame, codebook, frames) is var step && step < steps)
                {
                    tokens[((int)step * CodebookCount) + codebook] = codes[i];
                }
            }
        }
    }

    /// <summary>Brings tokens back to frames.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, N], S at most <see cref="GetStepCount"/>(T).</param>
    /// <param name="codes">Receives the codes, row-major [T, N]; its length says how many frames there are.</param>
    /// <param name="missingCode">The code of a place whose step is not in <paramref name="tokens"/>.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Restore<TCode>(ReadOnlySpan<TCode> tokens, Span<TCode> codes, TCode missingCode)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (frames, steps) = Check<TCode>(codes, tokens);
        Buffers.ThrowIfOverlapping<TCode, TCode>(tokens, codes, nameof(codes));
        for (var (frame, i) = (0, 0); frame < frames; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++, i++)
            {
                var step = _step(frame, codebook, frames);
                codes[i] = step < steps ? tokens[((int)step * CodebookCount) + codebook] : missingCode;
            }
        }
    }

    private (int Frames, int Steps) Check<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<TCode> tokens)
    {
        var frames = Buffers.RowCount(codes, CodebookCount, nameof(codes), "frame");
        var steps = Buffers.RowCount(tokens, CodebookCount, nameof(tokens), "step");
        return steps <= _stepCount(frames)
            ? (frames, steps)
            : throw new ArgumentException($"tokens has {steps} steps, but {frames} frames take only {_stepCount(frames)}.", nameof(tokens));
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
