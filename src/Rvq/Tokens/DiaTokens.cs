using System.Numerics;

namespace Rvq.Tokens;

/// <summary>
/// The tokens of Dia: 9 DAC codebooks of 1024, the first undelayed, the others 8 to 15 steps late. Before a codebook's first code stands
/// <see cref="BeginToken"/>, after its last one <see cref="EndToken"/> and then <see cref="PadToken"/>. Thread-safe.
/// </summary>
public static class DiaTokens
{
    /// <summary>The number of codebooks.</summary>
    public const int CodebookCount = 9;

    /// <summary>Follows the last code of a codebook.</summary>
    public const int EndToken = 1024;

    /// <summary>Fills a codebook after <see cref="EndToken"/>.</summary>
    public const int PadToken = 1025;

    /// <summary>Fills a codebook before its first code.</summary>
    public const int BeginToken = 1026;

    private const int MaxDelay = 15;
    private const int CodebookSize = 1024;

    private static ReadOnlySpan<int> Delays => [0, 8, 9, 10, 11, 12, 13, 14, MaxDelay];

    /// <summary>The steps of a number of frames: one of begin tokens, the frames, one end token, and the longest delay.</summary>
    /// <param name="frameCount">The number of frames, T, at least 0.</param>
    /// <returns>T + 17.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="frameCount"/> is negative or too large for an int of steps.
    /// </exception>
    public static int GetStepCount(int frameCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frameCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameCount, int.MaxValue - MaxDelay - 2);
        return frameCount + MaxDelay + 2;
    }

    /// <summary>
    /// The frames that tokens hold whole: up to the first codebook's end token, and as far as the most delayed codebook goes.
    /// </summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, 9], from the begin tokens on; S may end anywhere.</param>
    /// <returns>The number of frames, T.</returns>
    /// <exception cref="ArgumentException"><paramref name="tokens"/> ends within a step.</exception>
    public static int GetFrameCount<TToken>(ReadOnlySpan<TToken> tokens)
        where TToken : unmanaged, IBinaryInteger<TToken>
    {
        var steps = Argument.RowCount(tokens.Length, CodebookCount, nameof(tokens), "tokens of a step");
        var frames = 0;
        while (frames < steps - 1 - MaxDelay && int.CreateSaturating(tokens[(frames + 1) * CodebookCount]) != EndToken)
        {
            frames++;
        }

        return frames;
    }

    /// <summary>Arranges the codes of frames as tokens.</summary>
    /// <typeparam name="TCode">Any integer type that holds 1026.</typeparam>
    /// <param name="codes">Codes in [0, 1024), row-major [T, 9].</param>
    /// <param name="tokens">Receives the tokens, row-major [<see cref="GetStepCount"/>(T), 9].</param>
    /// <exception cref="ArgumentOutOfRangeException">A code is out of range; nothing is written.</exception>
    /// <exception cref="ArgumentException">Lengths or types that do not fit, or buffers that overlap; nothing is written.</exception>
    public static void Arrange<TCode>(ReadOnlySpan<TCode> codes, Span<TCode> tokens)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var frames = Argument.RowCount(codes.Length, CodebookCount, nameof(codes), "codes of a frame");
        Argument.ThrowIfNotLength(tokens.Length, nameof(tokens), GetStepCount(frames), "steps", CodebookCount, "tokens");
        Argument.ThrowIfTooSmall<TCode>(BeginToken, nameof(tokens));
        Argument.ThrowIfOverlapping<TCode, TCode>(codes, tokens, nameof(tokens));
        for (var i = 0; i < codes.Length; i++)
        {
            ThrowIfNoCode(codes[i], i / CodebookCount, i % CodebookCount, nameof(codes));
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var (step, codebook) = Math.DivRem(i, CodebookCount);
            var frame = step - 1 - Delays[codebook];
            tokens[i] = frame < 0 ? TCode.CreateTruncating(BeginToken)
                : frame < frames ? codes[(frame * CodebookCount) + codebook]
                : TCode.CreateTruncating(frame == frames ? EndToken : PadToken);
        }
    }

    /// <summary>Brings tokens back to frames.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, 9], from the begin tokens on.</param>
    /// <param name="codes">Receives the codes, row-major [T, 9] with T at most S − 16, such as <see cref="GetFrameCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A token within the frames is none of the 1024 codes, as a model may well make them; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public static void Restore<TCode>(ReadOnlySpan<TCode> tokens, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var steps = Argument.RowCount(tokens.Length, CodebookCount, nameof(tokens), "tokens of a step");
        var frames = Argument.RowCount(codes.Length, CodebookCount, nameof(codes), "codes of a frame");
        if (frames > 0 && frames + 1L + MaxDelay > steps)
        {
            throw new ArgumentException($"tokens has {steps} steps, but {frames} frames need {frames + 1L + MaxDelay}.", nameof(tokens));
        }

        Argument.ThrowIfOverlapping<TCode, TCode>(tokens, codes, nameof(codes));
        for (var i = 0; i < codes.Length; i++)
        {
            ThrowIfNoCode(tokens[TokenIndex(i)], i / CodebookCount, i % CodebookCount, nameof(tokens));
        }

        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = tokens[TokenIndex(i)];
        }
    }

    /// <summary>Brings the tokens of a language model back to frames, up to the first frame with a token that is no code.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="tokens">Tokens, row-major [S, 9], from the begin tokens on; S may end anywhere.</param>
    /// <param name="codes">
    /// Receives the codes, row-major [frames, 9]: at least <see cref="GetFrameCount"/> of them; what lies behind the good ones stays as it
    /// is.
    /// </param>
    /// <param name="frameCount">The frames that were good, and are in <paramref name="codes"/>.</param>
    /// <returns>Whether all frames up to <see cref="GetFrameCount"/> were good.</returns>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    public static bool TryRestore<TCode>(ReadOnlySpan<TCode> tokens, Span<TCode> codes, out int frameCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var frames = GetFrameCount(tokens);
        Argument.ThrowIfShorter(codes.Length, nameof(codes), frames, "frames", CodebookCount, "codes");
        Argument.ThrowIfOverlapping<TCode, TCode>(tokens, codes, nameof(codes));
        var good = 0;
        while (good < frames * CodebookCount && Argument.IsCode(tokens[TokenIndex(good)], CodebookSize))
        {
            good++;
        }

        frameCount = good / CodebookCount;
        for (var i = 0; i < frameCount * CodebookCount; i++)
        {
            codes[i] = tokens[TokenIndex(i)];
        }

        return frameCount == frames;
    }

    private static int TokenIndex(int code)
    {
        var (frame, codebook) = Math.DivRem(code, CodebookCount);
        return ((frame + 1 + Delays[codebook]) * CodebookCount) + codebook;
    }

    private static void ThrowIfNoCode<TCode>(TCode code, int frame, int codebook, string name)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        if (!Argument.IsCode(code, CodebookSize))
        {
            throw Argument.NotCode(
                code,
                name,
                $"frame {frame}, codebook {codebook}; codes are in [0, {CodebookSize})",
                "Dia has no token for that, all nine are needed.");
        }
    }
}
