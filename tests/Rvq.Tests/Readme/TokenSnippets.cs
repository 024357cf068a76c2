using Rvq.Tokens;

namespace Rvq.Tests.Readme;

/// <summary>The README's code for language models' tokens.</summary>
public class TokenSnippets
{
    [Fact]
    public void MusicGen_ThreeFrames_AreDelayed()
    {
        const int X = 2048;
        int[] codes = [10, 20, 30, 40, 11, 21, 31, 41, 12, 22, 32, 42];
        var (tokens, back) = MusicGen(codes, 3);
        Assert.Equal([X, X, X, X, 10, X, X, X, 11, 20, X, X, 12, 21, 30, X, X, 22, 31, 40, X, X, 32, 41, X, X, X, 42], tokens);
        Assert.Equal(codes, back);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void MusicGenAndAudioLm_AnyNumberOfFrames_KeepEveryCode(int t)
    {
        int[] codes = [.. Enumerable.Range(0, t * 12).Select(i => i * 7 % 1024)];
        var (tokens, back) = MusicGen(codes[..(t * 4)], t);
        Assert.Equal(codes[..(t * 4)], back);
        Assert.Equal(tokens.Length - (t * 4), tokens.Count(token => token == 2048));
        var (coarse, fine) = AudioLm(codes[..(t * 3)]);
        Assert.Equal(codes[..(t * 3)].Where((_, i) => i % 3 < 2).Select((code, i) => code + (i % 2 * 1024)), coarse);
        Assert.Equal(codes[..(t * 3)].Where((_, i) => i % 3 == 2), fine);
    }

    [Fact]
    public void AudioLm_TwoFrames_AreFlattenedWithOffsets()
    {
        int[] codes = [1, 2, 3, 4, 5, 6];
        var (coarse, fine) = AudioLm(codes);
        Assert.Equal([1, 1026, 4, 1029], coarse);
        Assert.Equal([3, 6], fine);
    }

    [Fact]
    public void Orpheus_ATokenThatCannotBe_EndsTheGoodBlocks()
    {
        long[] tokens = [10, 4106, 8202, 12298, 16394, 20490, 24586, 11, 4107, 8203, 12299, 99, 20491, 24587];
        var (codes, blocks, place) = Orpheus(tokens);
        Assert.Equal(1, blocks);
        Assert.Equal(new int[7], codes[..7]);
        Assert.Equal(8202..12298, place);
    }

    private static (int[] Codes, int Blocks, Range Place) Orpheus(long[] tokens)
    {
        // README
        var layout = new SnacTokens([4, 2, 1]);                                   // Orpheus: seven places, each with tokens of its own
        var codes = new int[tokens.Length];                                       // [blocks, 7]
        layout.TryRestore<long, int>(tokens, codes, out var blocks);              // so many blocks are good; generation may go on behind them
        Range place = layout.GetTokenRange(2);                                    // what may come in the third place: the rest of the logits is masked
        // END
        return (codes, blocks, place);
    }

    private static (int[] Tokens, int[] Back) MusicGen(int[] codes, int t)
    {
        // README
        var pattern = TokenPattern.Delay([0, 1, 2, 3]);                           // MusicGen: codebook k is k steps late
        var tokens = new int[pattern.GetStepCount(t) * 4];                        // [S, 4] from codes [T, 4]
        pattern.Arrange<int>(codes, tokens, specialToken: 2048);
        var back = new int[t * 4];                                                // [T, 4]
        pattern.Restore<int>(tokens, back, missingCode: 0);
        // END
        return (tokens, back);
    }

    private static (int[] Coarse, int[] Fine) AudioLm(int[] codes)
    {
        // README
        var flat = new FlatTokens([1024, 1024, 1024]);                            // AudioLM: one sequence, an offset per codebook
        var (coarsePart, finePart) = (flat.Part(0, 2), flat.Part(2, 1));          // the first two codebooks, and the rest
        var coarse = new int[codes.Length / 3 * 2];                               // [T × 2] from codes [T, 3]
        var fine = new int[codes.Length / 3];                                     // [T × 1]
        coarsePart.Arrange<int, int>(codes, coarse);
        finePart.Arrange<int, int>(codes, fine);
        // END
        return (coarse, fine);
    }
}
