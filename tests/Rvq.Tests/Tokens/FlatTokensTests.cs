using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class FlatTokensTests
{
    [Fact]
    public void Flatten_FramesOfCodes_AddsTheSizesBefore()
    {
        var flat = new FlatTokens([10, 20, 5], firstToken: 100);
        var tokens = new long[6];
        flat.Arrange<int, long>([1, 2, 3, 9, 19, 4], tokens);
        Assert.Equal([101, 112, 133, 109, 129, 134], tokens);
        Assert.Equal(135, flat.VocabularySize);
    }

    [Fact]
    public void Part_CoarseAndFine_HaveTokensOfTheirOwnAndFillTheSameCodes()
    {
        // AudioLM: id = code + q·K, q counted from the first codebook of the part.
        var flat = new FlatTokens([1024, 1024, 1024, 1024, 1024]);
        var (coarse, fine) = (flat.Part(0, 3), flat.Part(3, 2));
        int[] codes = [1, 2, 3, 4, 5, 1023, 1022, 1021, 1020, 1019];
        var coarseTokens = new int[6];
        var fineTokens = new int[4];
        coarse.Arrange(codes, coarseTokens.AsSpan());
        fine.Arrange(codes, fineTokens.AsSpan());
        Assert.Equal([1, 1026, 2051, 1023, 2046, 3069], coarseTokens);
        Assert.Equal([4, 1029, 1020, 2043], fineTokens);
        Assert.Equal((3072, 2048), (coarse.VocabularySize, fine.VocabularySize));

        var restored = new int[10];
        fine.Restore(fineTokens, restored.AsSpan());
        Assert.Equal([0, 0, 0, 4, 5, 0, 0, 0, 1020, 1019], restored);
        coarse.Restore(coarseTokens, restored.AsSpan());
        Assert.Equal(codes, restored);
    }

    [Fact]
    public void FlattenAndRestore_AnyNumberOfFrames_RoundTrip()
    {
        int[] sizes = [3, 1, 1024, 17];
        var random = new Random(4);
        for (var frames = 0; frames < 20; frames++)
        {
            for (var first = 0; first < sizes.Length; first++)
            {
                for (var count = 1; count <= sizes.Length - first; count++)
                {
                    var part = new FlatTokens(sizes, 7).Part(first, count);
                    var codes = Enumerable.Range(0, frames * sizes.Length).Select(i => (short)random.Next(sizes[i % sizes.Length])).ToArray();
                    var tokens = new uint[frames * count];
                    part.Arrange(codes, tokens.AsSpan());
                    var restored = codes.Select((code, i) => i % sizes.Length >= first && i % sizes.Length < first + count ? (short)-1 : code).ToArray();
                    part.Restore(tokens, restored.AsSpan());
                    Assert.Equal(codes, restored);
                }
            }
        }
    }

    [Fact]
    public void FlattenAndRestore_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var flat = new FlatTokens([10, 20]);
        var tokens = new int[4];
        Assert.Contains("20 at frame 1, codebook 1, which has 20", Assert.Throws<ArgumentOutOfRangeException>("codes", () => flat.Arrange<int, int>([1, 1, 1, 20], tokens)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => flat.Arrange<long, int>([1, 1, 1, -1], tokens));
        Assert.Equal([0, 0, 0, 0], tokens);
        foreach (var wrong in (long[])[9, 30, -1, long.MinValue, long.MaxValue])
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>("tokens", () => flat.Restore<long, int>([1, 11, 2, wrong], tokens));
            Assert.Contains($"{wrong} at 3, but codebook 1 has the tokens [10, 30)", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal([0, 0, 0, 0], tokens);
        Assert.Throws<ArgumentException>("tokens", () => flat.Arrange<int, int>(new int[4], new int[3]));
        Assert.Throws<ArgumentException>("codes", () => flat.Arrange<int, int>(new int[3], new int[3]));
        Assert.Throws<ArgumentException>("tokens", () => new FlatTokens([200, 200]).Arrange<int, byte>(new int[2], new byte[2]));
        Assert.Throws<ArgumentException>("codes", () => new FlatTokens([300]).Restore<int, byte>([1], new byte[1]));
        Assert.Throws<ArgumentException>("tokens", () => flat.Arrange<int, int>(tokens.AsSpan(0, 2), tokens.AsSpan(1, 2)));
        Assert.Throws<ArgumentException>("codebookSizes", () => new FlatTokens([]));
        Assert.Throws<ArgumentOutOfRangeException>("codebookSizes", () => new FlatTokens([1, 0]));
        Assert.Throws<ArgumentException>("codebookSizes", () => new FlatTokens([int.MaxValue, 1]));
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => flat.Part(1, 2));
    }
}
