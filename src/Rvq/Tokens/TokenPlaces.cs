using System.Numerics;

namespace Rvq.Tokens;

/// <summary>
/// Rows of codes as rows of tokens with a range of tokens for each place in a row: the token at a place is the first of its range plus a
/// code.
/// </summary>
/// <param name="rowLength">The codes of a row.</param>
/// <param name="columns">For each place in a row of tokens the column of its code; other columns are not touched.</param>
/// <param name="firstTokens">For each place the token of code 0.</param>
/// <param name="sizes">For each place the number of codes; no token is beyond 2^31 − 1.</param>
internal sealed class TokenPlaces(int rowLength, int[] columns, int[] firstTokens, int[] sizes)
{
    private readonly int _largestCode = sizes.Max() - 1;

    /// <summary>The tokens of a row.</summary>
    public int Count => columns.Length;

    /// <summary>The tokens of a place.</summary>
    public Range GetTokenRange(int place)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
        return firstTokens[place]..(firstTokens[place] + sizes[place]);
    }

    /// <summary>Where in whole rows of codes the code of a token lies, and the token's place.</summary>
    public int CodeIndex(int token, out int place)
    {
        (var row, place) = Math.DivRem(token, Count);
        return (row * rowLength) + columns[place];
    }

    /// <summary>The tokens before the first whose code is not one of its place, of a number of tokens.</summary>
    public int GoodCodeCount<TCode>(ReadOnlySpan<TCode> codes, int tokenCount)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var good = 0;
        while (good < tokenCount && Argument.IsCode(codes[CodeIndex(good, out var place)], sizes[place]))
        {
            good++;
        }

        return good;
    }

    /// <summary>Turns good codes into tokens.</summary>
    public void CopyTokens<TCode, TToken>(ReadOnlySpan<TCode> codes, Span<TToken> tokens)
        where TCode : unmanaged, IBinaryInteger<TCode>
        where TToken : unmanaged, IBinaryInteger<TToken>
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = TToken.CreateTruncating(int.CreateTruncating(codes[CodeIndex(i, out var place)]) + firstTokens[place]);
        }
    }

    /// <summary>The tokens before the first that is not one of its place.</summary>
    public int GoodTokenCount<TToken>(ReadOnlySpan<TToken> tokens)
        where TToken : unmanaged, IBinaryInteger<TToken>
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            var (token, place) = (long.CreateSaturating(tokens[i]), i % Count);
            if (token < firstTokens[place] || token - firstTokens[place] >= sizes[place])
            {
                return i;
            }
        }

        return tokens.Length;
    }

    /// <summary>Turns good tokens into codes.</summary>
    public void CopyCodes<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            var code = CodeIndex(i, out var place);
            codes[code] = TCode.CreateTruncating(int.CreateTruncating(tokens[i]) - firstTokens[place]);
        }
    }

    /// <summary>Turns tokens into codes, up to the first row with a token that is not one of its place.</summary>
    /// <param name="tokens">Tokens, of which whole rows are looked at.</param>
    /// <param name="codes">Receives the codes; at least as many rows.</param>
    /// <param name="rows">What rows are called.</param>
    /// <param name="rowCount">The good rows.</param>
    /// <returns>Whether all whole rows are good.</returns>
    public bool TryRestore<TToken, TCode>(ReadOnlySpan<TToken> tokens, Span<TCode> codes, string rows, out int rowCount)
        where TToken : unmanaged, IBinaryInteger<TToken>
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var all = tokens.Length / Count;
        Argument.ThrowIfShorter(codes.Length, nameof(codes), all, rows, rowLength, "codes");
        Argument.ThrowIfOverlapping<TToken, TCode>(tokens, codes, nameof(codes));
        ThrowIfTooSmall<TCode>(nameof(codes));
        rowCount = GoodTokenCount(tokens) / Count;
        CopyCodes(tokens[..(rowCount * Count)], codes);
        return rowCount == all;
    }

    /// <summary>Refuses a type that cannot hold all codes.</summary>
    public void ThrowIfTooSmall<TCode>(string name)
        where TCode : unmanaged, IBinaryInteger<TCode>
        => Argument.ThrowIfTooSmall<TCode>(_largestCode, name);
}
