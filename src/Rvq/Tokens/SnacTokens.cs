using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Streams;

namespace Rvq.Tokens;

/// <summary>
/// The codes of a multi-scale model (SNAC) in the forms that others use: one array per level, each at its own rate, as SNAC's own code has
/// them; and one sequence with offsets, coarse to fine within every block, as Orpheus has it. Immutable and thread-safe.
/// </summary>
/// <remarks>
/// A block is the codes of one coarse frame as <see cref="Quantizer"/> writes them: level 0's codes, then level 1's, and so on. With the
/// strides 4, 2, 1 that is a | b c | d e f g, and Orpheus's order is a b d e c f g.
/// </remarks>
public sealed class SnacTokens
{
    private readonly int[] _starts;
    private readonly int[] _order;
    private readonly int _codebookSize;
    private readonly int _firstToken;

    /// <summary>The layout of some strides.</summary>
    /// <param name="strides">The frames that share a code, per level, coarse to fine (SNAC 24 kHz: 4, 2, 1); each a multiple of the next.</param>
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

        _starts = new int[strides.Length + 1];
        var end = 0L;
        for (var level = 0; level < strides.Length; level++)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(strides[level], 1, nameof(strides));
            if (level > 0 && strides[level - 1] % strides[level] != 0)
            {
                throw new ArgumentException($"strides holds {strides[level - 1]} before {strides[level]}, of which it is not a multiple.", nameof(strides));
            }

            end += strides[0] / strides[level];
            if (firstToken + (end * codebookSize) > int.MaxValue)
            {
                throw new ArgumentException($"A block of {end} codes or more would need tokens beyond {int.MaxValue}.", nameof(strides));
            }

            _starts[level + 1] = (int)end;
        }

        _order = new int[end];
        var next = 0;
        Visit(0, 0, ref next);
        _codebookSize = codebookSize;
        _firstToken = firstToken;
    }

    /// <summary>The number of levels.</summary>
    public int LevelCount => _starts.Length - 1;

    /// <summary>The codes, and so the tokens, of a block: 7 for the strides 4, 2, 1.</summary>
    public int CodesPerBlock => _order.Length;

    /// <summary>The codes of one level in a block.</summary>
    /// <param name="level">The level, in [0, <see cref="LevelCount"/>).</param>
    /// <returns>The first stride divided by the level's.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="level"/> is out of range.</exception>
    public int GetCodesPerBlock(int level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(level, LevelCount);
        return _starts[level + 1] - _starts[level];
    }

    /// <summary>One level of blocks of codes as a view, [blocks, codes of the level in a block]: read in order, the level's own array.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [blocks, <see cref="CodesPerBlock"/>].</param>
    /// <param name="level">The level, in [0, <see cref="LevelCount"/>).</param>
    /// <returns>A view of <paramref name="codes"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="codes"/> ends within a block.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="level"/> is out of range.</exception>
    public TensorSpan<TCode> GetLevel<TCode>(Span<TCode> codes, int level)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var end = GetCodesPerBlock(level) + _starts[level];
        var blocks = Buffers.RowCount<TCode>(codes, CodesPerBlock, nameof(codes), "block");
        return blocks == 0 ? default : new TensorSpan<TCode>(codes, [blocks, CodesPerBlock]).Slice([NRange.All, new NRange(_starts[level], end)]);
    }

    /// <summary>Copies one level out of blocks of codes.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="codes">Codes, row-major [blocks, <see cref="CodesPerBlock"/>].</param>
    /// <param name="level">The level, in [0, <see cref="LevelCount"/>).</param>
    /// <param name="levelCodes">Receives the level's codes in order of time, length blocks × <see cref="GetCodesPerBlock"/>.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="level"/> is out of range.</exception>
    public void CopyLevelTo<TCode>(ReadOnlySpan<TCode> codes, int level, Span<TCode> levelCodes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var perBlock = CheckLevel(codes, level, levelCodes, nameof(levelCodes));
        for (var from = _starts[level]; !levelCodes.IsEmpty; from += CodesPerBlock, levelCodes = levelCodes[perBlock..])
        {
            codes.Slice(from, perBlock).CopyTo(levelCodes);
        }
    }

    /// <summary>Copies one level into blocks of codes; the other levels stay as they are.</summary>
    /// <typeparam name="TCode">Any integer type.</typeparam>
    /// <param name="levelCodes">The level's codes in order of time, length blocks × <see cref="GetCodesPerBlock"/>.</param>
    /// <param name="level">The level, in [0, <see cref="LevelCount"/>).</param>
    /// <param name="codes">Receives the codes, row-major [blocks, <see cref="CodesPerBlock"/>].</param>
    /// <exception cref="ArgumentException">Lengths that do not fit, or buffers that overlap; nothing is written.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="level"/> is out of range.</exception>
    public void CopyLevelFrom<TCode>(ReadOnlySpan<TCode> levelCodes, int level, Span<TCode> codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var perBlock = CheckLevel(codes, level, levelCodes, nameof(codes));
        for (var to = _starts[level]; !levelCodes.IsEmpty; to += CodesPerBlock, levelCodes = levelCodes[perBlock..])
        {
            levelCodes[..perBlock].CopyTo(codes[to..]);
        }
    }

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
        Argument.ThrowIfTooSmall<TToken>(_firstToken + (CodesPerBlock * _codebookSize) - 1, nameof(tokens));
        for (var i = 0; i < codes.Length; i++)
        {
            if (TCode.IsNegative(codes[i]) || ulong.CreateSaturating(codes[i]) >= (ulong)_codebookSize)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(codes), codes[i], $"codes holds {codes[i]} at block {i / CodesPerBlock}, place {i % CodesPerBlock}; codes are in [0, {_codebookSize}).");
            }
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var place = i % CodesPerBlock;
            tokens[i] = TToken.CreateTruncating(int.CreateTruncating(codes[i - place + _order[place]]) + Offset(place));
        }
    }

    /// <summary>Turns tokens back into blocks of codes.</summary>
    /// <typeparam name="TToken">Any integer type.</typeparam>
    /// <typeparam name="TCode">Any integer type that holds the codes.</typeparam>
    /// <param name="tokens">Tokens, whole blocks of them.</param>
    /// <param name="codes">Receives the codes, row-major [blocks, <see cref="CodesPerBlock"/>]; as long as <paramref name="tokens"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token is not one of its place in the block, as a model may well make them; nothing is written.</exception>
    /// <exception cref="ArgumentException">Lengths or types that do not fit, or buffers that overlap; nothing is written.</exception>
    public void Restore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        Check<TCode, TToken>(codes, tokens, nameof(codes));
        Argument.ThrowIfTooSmall<TCode>(_codebookSize - 1, nameof(codes));
        for (var i = 0; i < tokens.Length; i++)
        {
            var offset = Offset(i % CodesPerBlock);
            if (TToken.IsNegative(tokens[i]) || ulong.CreateSaturating(tokens[i]) - (ulong)offset >= (ulong)_codebookSize)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(tokens), tokens[i], $"tokens holds {tokens[i]} at {i}, whose place has the tokens [{offset}, {offset + _codebookSize}).");
            }
        }

        for (var i = 0; i < tokens.Length; i++)
        {
            var place = i % CodesPerBlock;
            codes[i - place + _order[place]] = TCode.CreateTruncating(int.CreateTruncating(tokens[i]) - Offset(place));
        }
    }

    private int Offset(int place) => _firstToken + (place * _codebookSize);

    /// <summary>Orders a code before the finer ones of its time.</summary>
    private void Visit(int level, int index, ref int next)
    {
        _order[next++] = _starts[level] + index;
        if (level + 1 < LevelCount)
        {
            var finer = GetCodesPerBlock(level + 1) / GetCodesPerBlock(level);
            for (var i = 0; i < finer; i++)
            {
                Visit(level + 1, (index * finer) + i, ref next);
            }
        }
    }

    private void Check<TCode, TToken>(ReadOnlySpan<TCode> codes, ReadOnlySpan<TToken> tokens, string destination)
        where TCode : unmanaged
        where TToken : unmanaged
    {
        Buffers.RowCount(codes, CodesPerBlock, nameof(codes), "block");
        Buffers.ThrowIfNotLength(tokens, nameof(tokens), codes.Length, "codes");
        Buffers.ThrowIfOverlapping(codes, tokens, destination);
    }

    private int CheckLevel<TCode>(ReadOnlySpan<TCode> codes, int level, ReadOnlySpan<TCode> levelCodes, string destination)
        where TCode : unmanaged
    {
        var perBlock = GetCodesPerBlock(level);
        var blocks = Buffers.RowCount(codes, CodesPerBlock, nameof(codes), "block");
        Buffers.ThrowIfNotLength(levelCodes, nameof(levelCodes), blocks, "blocks", perBlock);
        Buffers.ThrowIfOverlapping(codes, levelCodes, destination);
        return perBlock;
    }
}
