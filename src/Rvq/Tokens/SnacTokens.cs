using System.Numerics;

namespace Rvq.Tokens;

/// <summary>
/// The codes of a multi-scale model (SNAC) as one sequence of tokens with offsets, coarse to fine within every block, as Orpheus has it.
/// Immutable and thread-safe.
/// </summary>
/// <remarks>
/// A block is the codes of one coarse frame as <see cref="Quantizer"/> writes them: level 0's codes, then level 1's, and so on. With the
/// strides 4, 2, 1 that is a | b c | d e f g, and Orpheus's order is a b d e c f g. One level alone, as SNAC's own code has it, is
/// <see cref="RvqModel.CodesOf{TCode}(int, Span{TCode})"/>; without a model it is columns of the blocks, here level 1's:
/// <c>new TensorSpan&lt;int&gt;(codes, [blocks, 7]).Slice([NRange.All, 1..3])</c>.
/// </remarks>
public sealed class SnacTokens
{
    private readonly TokenPlaces _places;
    private readonly int _codebookSize;
    private readonly int _vocabularySize;

    /// <summary>The layout of some strides.</summary>
    /// <param name="strides">
    /// The frames that share a code, per level, coarse to fine (SNAC 24 kHz: 4, 2, 1); each a multiple of the next.
    /// </param>
    /// <param name="codebookSize">The size of every codebook, at least 1.</param>
    /// <param name="firstToken">The token of code 0 at the first place of a block: 10 in Orpheus's custom_token numbers.</param>
    /// <exception cref="ArgumentException">No stride, or one that is not a multiple of the next.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number out of range.</exception>
    public SnacTokens(ReadOnlySpan<int> strides, int codebookSize = 4096, int firstToken = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codebookSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(firstToken);
        if (strides.IsEmpty)
        {
            throw new ArgumentException("strides is empty; there is at least one level.", nameof(strides));
        }

        var starts = new int[strides.Length + 1];
        var end = 0L;
        for (var level = 0; level < strides.Length; level++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(strides[level], 1, nameof(strides));
            if (level > 0 && strides[level - 1] % strides[level] != 0)
            {
                throw Argument.NotMultiple(
                    $"strides[{level - 1}] is {strides[level - 1]}", $"strides[{level}] = {strides[level]}", nameof(strides));
            }

            end += strides[0] / strides[level];
            if (firstToken + (end * codebookSize) > int.MaxValue)
            {
                throw new ArgumentException($"A block of {end} codes or more would need tokens beyond {int.MaxValue}.", nameof(strides));
            }

            starts[level + 1] = (int)end;
        }

        var order = new int[end];
        var next = 0;
        Visit(starts, 0, 0, order, ref next);
        var firstTokens = Enumerable.Range(0, order.Length).Select(place => firstToken + (place * codebookSize));
        _places = new TokenPlaces(order.Length, order, [.. firstTokens], [.. Enumerable.Repeat(codebookSize, order.Length)]);
        _codebookSize = codebookSize;
        _vocabularySize = firstToken + (order.Length * codebookSize);
    }

    /// <summary>The codes, and so the tokens, of a block: 7 for the strides 4, 2, 1.</summary>
    public int CodesPerBlock => _places.Count;

    /// <summary>Turns blocks of codes into tokens: code + firstToken + place in the block × codebookSize.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <typeparam name="TToken">Any integer type that holds the tokens.</typeparam>
    /// <param name="codes">Codes, row-major [blocks, <see cref="CodesPerBlock"/>].</param>
    /// <param name="tokens">Receives the tokens; as long as <paramref name="codes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A code is outside its codebook; nothing is written.</exception>
    /// <exception cref="ArgumentException">Lengths or types that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Arrange<TCode, TToken>(ReadOnlySpan<TCode> codes, Span<TToken> tokens)
        where TCode : unmanaged, IBinaryInteger<TCode>
        where TToken : unmanaged, IBinaryInteger<TToken>
    {
        Check<TCode, TToken>(codes, tokens, nameof(tokens));
        Argument.ThrowIfTooSmall<TToken>(_vocabularySize - 1, nameof(tokens));
        if (_places.GoodCodeCount(codes, tokens.Length) is var good && good < tokens.Length)
        {
            var index = _places.CodeIndex(good, out _);
            throw Argument.NotCode(
                codes[index],
                nameof(codes),
                $"block {index / CodesPerBlock}, place {index % CodesPerBlock}; codes are in [0, {_codebookSize})",
                "no token says so, but a layout of the coarser strides alone can be used.");
        }

        _places.CopyTokens(codes, tokens);
    }

    /// <summary>Turns tokens back into blocks of codes.</summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="tokens">Tokens, whole blocks of them.</param>
    /// <param name="codes">
    /// Receives the codes, row-major [blocks, <see cref="CodesPerBlock"/>]; as long as <paramref name="tokens"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A token is not one of its place in the block, as a model may well make them; nothing is written.
    /// </exception>
    /// <exception cref="ArgumentException">Lengths or types that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Restore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Check<TCode, TToken>(codes, tokens, nameof(codes));
        _places.ThrowIfTooSmall<TCode>(nameof(codes));
        if (_places.GoodTokenCount(tokens) is var good && good < tokens.Length)
        {
            var range = _places.GetTokenRange(good % CodesPerBlock);
            throw new ArgumentOutOfRangeException(
                nameof(tokens),
                tokens[good],
                $"tokens holds {tokens[good]} at {good}, whose place has the tokens [{range.Start}, {range.End}).");
        }

        _places.CopyCodes(tokens, codes);
    }

    /// <summary>
    /// Turns the tokens of a language model back into blocks of codes, up to the first block with a token that is not one of its place. To
    /// go on behind a bad block, call again with the tokens from (<paramref name="blockCount"/> + 1) × <see cref="CodesPerBlock"/> on.
    /// </summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="tokens">Tokens, of which whole blocks are looked at.</param>
    /// <param name="codes">
    /// Receives the codes, row-major [blocks, <see cref="CodesPerBlock"/>], at least as many blocks as tokens has; what lies behind the
    /// good ones stays as it is.
    /// </param>
    /// <param name="blockCount">The blocks that were good, and are in <paramref name="codes"/>.</param>
    /// <returns>Whether all whole blocks were good.</returns>
    /// <exception cref="ArgumentException">Lengths or types that do not fit, or buffers that overlap; nothing is written.</exception>
    public bool TryRestore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes, out int blockCount)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
        => _places.TryRestore(tokens, codes, "blocks", out blockCount);

    /// <summary>
    /// The tokens of a place, such as to let a language model choose no others: <c>logits[snac.GetTokenRange(i % snac.CodesPerBlock)]</c>.
    /// </summary>
    /// <param name="place">The place in a block of tokens, in [0, <see cref="CodesPerBlock"/>).</param>
    /// <returns>From the token of code 0 to the first behind that of the last code.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="place"/> is out of range.</exception>
    public Range GetTokenRange(int place) => _places.GetTokenRange(place);

    /// <summary>
    /// Orders a code before the finer ones of its time; level m has the codes from starts[m] to starts[m + 1] of a block.
    /// </summary>
    private static void Visit(int[] starts, int level, int index, int[] order, ref int next)
    {
        order[next++] = starts[level] + index;
        if (level + 2 < starts.Length)
        {
            var finer = (starts[level + 2] - starts[level + 1]) / (starts[level + 1] - starts[level]);
            for (var i = 0; i < finer; i++)
            {
                Visit(starts, level + 1, (index * finer) + i, order, ref next);
            }
        }
    }

    private void Check<TCode, TToken>(ReadOnlySpan<TCode> codes, ReadOnlySpan<TToken> tokens, string destination)
        where TCode : unmanaged
        where TToken : unmanaged
    {
        Argument.RowCount(codes.Length, CodesPerBlock, nameof(codes), "codes of a block");
        Argument.ThrowIfNotLength(tokens.Length, nameof(tokens), codes.Length, "codes");
        Argument.ThrowIfOverlapping(codes, tokens, destination);
    }
}
