using System.Numerics;

namespace Rvq.Tokens;

/// <summary>
/// How a language model with one stream per codebook sees codes: every codebook's code of every frame is given a step, and places
/// without a code hold a special token. The patterns are audiocraft's (MusicGen) and Moshi's. Immutable and thread-safe.
/// </summary>
public sealed partial class TokenPattern
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

    /// <summary>The number of codebooks (streams), N.</summary>
    public int CodebookCount { get; }

    /// <summary>
    /// The steps at the end that hold only the rest of late codebooks; audiocraft's "valid" sequence and Moshi's leave them out.
    /// </summary>
    public int MaxDelay { get; }

    /// <summary>The steps that hold all codes of a number of frames.</summary>
    /// <param name="frameCount">The number of frames, T, at least 0.</param>
    /// <returns>The steps, S. The first S − <see cref="MaxDelay"/> are audiocraft's valid steps; Moshi keeps the first T.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="frameCount"/> is negative, or the steps are too many for an int.
    /// </exception>
    public int GetStepCount(int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frameCount);
        var steps = _stepCount(frameCount);
        return steps <= int.MaxValue
            ? (int)steps
            : throw new ArgumentOutOfRangeException(
                nameof(frameCount), frameCount, $"{frameCount} frames take {steps} steps; at most {int.MaxValue} are possible.");
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

    /// <summary>The frames before the first one with a token that is no code: where a language model ended, or went astray.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, N].</param>
    /// <param name="codebookSize">The first number above all codes, at least 1; tokens outside [0, codebookSize) are special.</param>
    /// <returns>The number of frames, at most <see cref="GetFrameCount(int)"/>(S).</returns>
    /// <exception cref="ArgumentException"><paramref name="tokens"/> ends within a step.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookSize"/> is below 1.</exception>
    public int GetFrameCount<TCode>(ReadOnlySpan<TCode> tokens, int codebookSize)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookSize, 1);
        var most = GetFrameCount(Argument.RowCount(tokens.Length, CodebookCount, nameof(tokens), "tokens of a step"));
        for (var frame = 0; frame < most; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++)
            {
                if (!Argument.IsCode(tokens[TokenIndex(frame, codebook, most)], codebookSize))
                {
                    return frame;
                }
            }
        }

        return most;
    }

    /// <summary>Gives the codes of frames their steps.</summary>
    /// <typeparam name="TCode">Any integer type that holds the codes and the special token.</typeparam>
    /// <param name="codes">Codes, row-major [T, N]; −1 where a codebook is left out, whose place gets the special token.</param>
    /// <param name="tokens">
    /// Receives the tokens, row-major [S, N], S at most <see cref="GetStepCount"/>(T); codes of later steps are left out.
    /// </param>
    /// <param name="specialToken">The token of a place without a code (audiocraft: the codebooks' size).</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Arrange<TCode>(ReadOnlySpan<TCode> codes, Span<TCode> tokens, TCode specialToken)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (frames, steps) = Check(codes, tokens);
        Argument.ThrowIfOverlapping<TCode, TCode>(codes, tokens, nameof(tokens));
        tokens.Fill(specialToken);
        for (var (frame, i) = (0, 0); frame < frames; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++, i++)
            {
                if (_step(frame, codebook, frames) < steps && !Argument.IsLeftOut(codes[i]))
                {
                    tokens[TokenIndex(frame, codebook, frames)] = codes[i];
                }
            }
        }
    }

    /// <summary>Brings tokens back to frames, whatever the tokens are.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, N], S at most <see cref="GetStepCount"/>(T).</param>
    /// <param name="codes">Receives the codes, row-major [T, N]; its length says how many frames there are.</param>
    /// <param name="missingCode">
    /// The code of a place whose step is not in <paramref name="tokens"/>: −1 where a codebook is to be left out.
    /// </param>
    /// <param name="specialToken">
    /// A token that becomes <paramref name="missingCode"/> too, or null (the default) to pass all tokens on.
    /// </param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Restore<TCode>(ReadOnlySpan<TCode> tokens, Span<TCode> codes, TCode missingCode, TCode? specialToken = null)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var (frames, steps) = Check<TCode>(codes, tokens);
        Argument.ThrowIfOverlapping<TCode, TCode>(tokens, codes, nameof(codes));
        for (var (frame, i) = (0, 0); frame < frames; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++, i++)
            {
                var token = _step(frame, codebook, frames) < steps ? tokens[TokenIndex(frame, codebook, frames)] : missingCode;
                codes[i] = token == specialToken ? missingCode : token;
            }
        }
    }

    /// <summary>Brings the tokens of a language model back to frames, up to the first frame with a token that is no code.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, N], from the first step on; S may end anywhere.</param>
    /// <param name="codes">
    /// Receives the codes, row-major [frames, N]: at least <see cref="GetFrameCount(int)"/>(S) frames; what lies behind the good ones stays
    /// as it is.
    /// </param>
    /// <param name="codebookSize">The first number above all codes, at least 1; tokens outside [0, codebookSize) are special.</param>
    /// <param name="frameCount">The frames that were good, and are in <paramref name="codes"/>.</param>
    /// <returns>Whether all frames that the steps hold were good.</returns>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="codebookSize"/> is below 1.</exception>
    public bool TryRestore<TCode>(ReadOnlySpan<TCode> tokens, Span<TCode> codes, int codebookSize, out int frameCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var good = GetFrameCount(tokens, codebookSize);
        var most = GetFrameCount(tokens.Length / CodebookCount);
        Argument.ThrowIfShorter(codes.Length, nameof(codes), most, "frames", CodebookCount, "codes");
        Argument.ThrowIfOverlapping<TCode, TCode>(tokens, codes, nameof(codes));
        for (var (frame, i) = (0, 0); frame < good; frame++)
        {
            for (var codebook = 0; codebook < CodebookCount; codebook++, i++)
            {
                codes[i] = tokens[TokenIndex(frame, codebook, most)];
            }
        }

        frameCount = good;
        return good == most;
    }

    /// <summary>Where the token of a place lies whose step is there.</summary>
    private int TokenIndex(int frame, int codebook, int frames) => ((int)_step(frame, codebook, frames) * CodebookCount) + codebook;

    private (int Frames, int Steps) Check<TCode>(ReadOnlySpan<TCode> codes, ReadOnlySpan<TCode> tokens)
    {
        var frames = Argument.RowCount(codes.Length, CodebookCount, nameof(codes), "codes of a frame");
        var steps = Argument.RowCount(tokens.Length, CodebookCount, nameof(tokens), "tokens of a step");
        return steps <= _stepCount(frames)
            ? (frames, steps)
            : throw new ArgumentException($"tokens has {steps} steps, but {frames} frames take only {_stepCount(frames)}.", nameof(tokens));
    }
}
