using System.Numerics;

namespace Rvq.Tokens;

/// <summary>
/// Codes as one sequence of tokens, frame by frame, with another range of tokens for every codebook (AudioLM, MusicLM): token = code +
/// the sizes of the codebooks before. A <see cref="Part"/> has the coarse or the fine codebooks only. Immutable and thread-safe.
/// </summary>
public sealed class FlatTokens
{
    private readonly int[] _sizes;
    private readonly int _firstToken;
    private readonly TokenPlaces _places;

    /// <summary>All codebooks of a model.</summary>
    /// <param name="codebookSizes">The size of each codebook, at least 1; length N.</param>
    /// <param name="firstToken">The token of code 0 of the first codebook, at least 0.</param>
    /// <exception cref="ArgumentException">No codebook, a size below 1, a negative token, or tokens beyond 2^31 − 1.</exception>
    public FlatTokens(ReadOnlySpan<int> codebookSizes, int firstToken = 0)
        : this(codebookSizes.ToArray(), 0, codebookSizes.Length, firstToken)
    {
    }

    private FlatTokens(int[] codebookSizes, int firstCodebook, int codebookCount, int firstToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstToken);
        if (codebookSizes.Length == 0)
        {
            throw new ArgumentException("codebookSizes is empty; there is at least one codebook.", nameof(codebookSizes));
        }

        var offsets = new int[codebookCount];
        var end = (long)firstToken;
        for (var i = 0; i < codebookCount; i++)
        {
            offsets[i] = (int)end;
            ArgumentOutOfRangeException.ThrowIfLessThan(codebookSizes[firstCodebook + i], 1, nameof(codebookSizes));
            end += codebookSizes[firstCodebook + i];
            if (end > int.MaxValue)
            {
                throw new ArgumentException(
                    $"The tokens would end at {end} or later; at most {int.MaxValue} is possible.", nameof(codebookSizes));
            }
        }

        _sizes = codebookSizes;
        _firstToken = firstToken;
        _places = new TokenPlaces(
            codebookSizes.Length,
            [.. Enumerable.Range(firstCodebook, codebookCount)],
            offsets,
            codebookSizes[firstCodebook..(firstCodebook + codebookCount)]);
        FirstCodebook = firstCodebook;
        CodebookCount = codebookCount;
        VocabularySize = (int)end;
    }

    /// <summary>The first codebook of the part.</summary>
    public int FirstCodebook { get; }

    /// <summary>The codebooks of the part: the tokens of a frame.</summary>
    public int CodebookCount { get; }

    /// <summary>The first number above all tokens: the size of the vocabulary where there are no others.</summary>
    public int VocabularySize { get; }

    /// <summary>Some codebooks only, with tokens of their own that start at the same number (AudioLM's coarse and fine tokens).</summary>
    /// <param name="firstCodebook">The first codebook, at least 0.</param>
    /// <param name="codebookCount">The number of codebooks, at least 1.</param>
    /// <returns>A part that reads and writes those columns of the same codes [T, N].</returns>
    /// <exception cref="ArgumentOutOfRangeException">The codebooks are not all there.</exception>
    public FlatTokens Part(int firstCodebook, int codebookCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstCodebook);
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(codebookCount, _sizes.Length - firstCodebook);
        return new FlatTokens(_sizes, firstCodebook, codebookCount, _firstToken);
    }

    /// <summary>Turns codes into tokens.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <typeparam name="TToken">Any integer type that holds the tokens.</typeparam>
    /// <param name="codes">Codes, row-major [T, N] with all N codebooks.</param>
    /// <param name="tokens">Receives the tokens, length T × <see cref="CodebookCount"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook; nothing is written.</exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a token type that is too small, or buffers that overlap; nothing is written.
    /// </exception>
    public void Arrange<TCode, TToken>(ReadOnlySpan<TCode> codes, Span<TToken> tokens)
        where TCode : unmanaged, IBinaryInteger<TCode>
        where TToken : unmanaged, IBinaryInteger<TToken>
    {
        Check<TCode, TToken>(codes, tokens, nameof(tokens));
        Argument.ThrowIfTooSmall<TToken>(VocabularySize - 1, nameof(tokens));
        if (_places.GoodCodeCount(codes, tokens.Length) is var good && good < tokens.Length)
        {
            var code = codes[_places.CodeIndex(good, out var place)];
            var codebook = FirstCodebook + place;
            throw Argument.NotCode(
                code,
                nameof(codes),
                $"frame {good / CodebookCount}, codebook {codebook}, which has {_sizes[codebook]} codewords",
                "no token says so, but a Part of the codebooks before can be used.");
        }

        _places.CopyTokens(codes, tokens);
    }

    /// <summary>Turns tokens back into codes.</summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="tokens">Tokens, length T × <see cref="CodebookCount"/>.</param>
    /// <param name="codes">
    /// Receives the codes of the part's codebooks, row-major [T, N] with all N codebooks; other columns stay as they are.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A token is not one of its codebook; nothing is written.</exception>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a code type that is too small, or buffers that overlap; nothing is written.
    /// </exception>
    public void Restore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Check<TCode, TToken>(codes, tokens, nameof(codes));
        _places.ThrowIfTooSmall<TCode>(nameof(codes));
        if (_places.GoodTokenCount(tokens) is var good && good < tokens.Length)
        {
            var (place, range) = (good % CodebookCount, _places.GetTokenRange(good % CodebookCount));
            throw new ArgumentOutOfRangeException(
                nameof(tokens),
                tokens[good],
                $"tokens holds {tokens[good]} at {good}, but codebook {FirstCodebook + place} has the tokens "
                    + $"[{range.Start}, {range.End}).");
        }

        _places.CopyCodes(tokens, codes);
    }

    /// <summary>
    /// Turns the tokens of a language model back into codes, up to the first frame with a token that is not one of its codebook.
    /// </summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="tokens">Tokens, of which whole frames of <see cref="CodebookCount"/> are looked at.</param>
    /// <param name="codes">
    /// Receives the codes of the part's codebooks, row-major [frames, N] with all N codebooks, at least as many frames as tokens has; all
    /// else stays as it is.
    /// </param>
    /// <param name="frameCount">The frames that were good, and are in <paramref name="codes"/>.</param>
    /// <returns>Whether all whole frames were good.</returns>
    /// <exception cref="ArgumentException">
    /// Lengths that do not fit, a code type that is too small, or buffers that overlap; nothing is written.
    /// </exception>
    public bool TryRestore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes, out int frameCount)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
        => _places.TryRestore(tokens, codes, "frames", out frameCount);

    /// <summary>
    /// The tokens of a codebook, such as to let a language model choose no others: <c>logits[flat.GetTokenRange(i %
    /// flat.CodebookCount)]</c>.
    /// </summary>
    /// <param name="place">The place in a frame: the codebook, counted from the part's first, in [0, <see cref="CodebookCount"/>).</param>
    /// <returns>From the token of code 0 to the first behind that of the last code.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="place"/> is out of range.</exception>
    public Range GetTokenRange(int place) => _places.GetTokenRange(place);

    private void Check<TCode, TToken>(ReadOnlySpan<TCode> codes, ReadOnlySpan<TToken> tokens, string destination)
        where TCode : unmanaged
        where TToken : unmanaged
    {
        var frames = Argument.RowCount(codes.Length, _sizes.Length, nameof(codes), "codes of a frame");
        Argument.ThrowIfNotLength(tokens.Length, nameof(tokens), frames, "frames", CodebookCount, "tokens");
        Argument.ThrowIfOverlapping(codes, tokens, destination);
    }
}
