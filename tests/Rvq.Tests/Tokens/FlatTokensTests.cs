using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class FlatTokensTests
{
    [Fact]
    public void Arrange_FramesOfCodes_AddsTheSizesBefore()
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
    public void ArrangeAndRestore_AnyNumberOfFrames_RoundTrip()
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
                    var codes = Enumerable.Range(0, frames * sizes.Length).Select(
                        i => (short)random.Next(sizes[i % sizes.Length])).ToArray();
                    var tokens = new uint[frames * count];
                    part.Arrange(codes, tokens.AsSpan());
                    var restored = codes.Select(
                        (code, i) => i % sizes.Length >= first && i % sizes.Length < first + count ? (short)-1 : code).ToArray();
                    part.Restore(tokens, restored.AsSpan());
                    Assert.Equal(codes, restored);
                }
            }
        }
    }

    [Fact]
    public void ArrangeAndRestore_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var flat = new FlatTokens([10, 20]);
        var tokens = new int[4];
        Assert.Contains(
            "20 at frame 1, codebook 1, which has 20",
            Assert.Throws<ArgumentOutOfRangeException>("codes", () => flat.Arrange<int, int>([1, 1, 1, 20], tokens)).Message,
            StringComparison.Ordinal);
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
    [Fact]
    public void TryRestore_ATokenOfAnotherCodebook_GivesTheFramesBefore()
    {
        var part = new FlatTokens([10, 20, 5], 100).Part(1, 2);
        Assert.Equal([100..120, 120..125], [part.GetTokenRange(0), part.GetTokenRange(1)]);
        var codes = Enumerable.Repeat(-7, 12).ToArray();
        Assert.True(part.TryRestore<int, int>([100, 120, 119, 124, 100], codes, out var frames));
        Assert.Equal(2, frames);
        Assert.Equal([-7, 0, 0, -7, 19, 4, -7, -7, -7, -7, -7, -7], codes);

        foreach (var wrong in (long[])[119, 125, -1, long.MaxValue])
        {
            Array.Fill(codes, -7);
            Assert.False(part.TryRestore<long, int>([101, 121, 102, 122, 103, wrong, 104, 124], codes, out frames));
            Assert.Equal(2, frames);
            Assert.Equal([-7, 1, 1, -7, 2, 2, -7, -7, -7, -7, -7, -7], codes);
        }

        Assert.True(part.TryRestore<int, int>([], [], out frames));
        Assert.Equal(0, frames);
        Refused.For<ArgumentException>(
            "codes", () => part.TryRestore<int, int>(new int[4], new int[5], out _), "length 5, but 2 frames of 3 codes need 6");
        Refused.For<ArgumentException>("codes", () => part.TryRestore<int, int>(codes.AsSpan(0, 2), codes.AsSpan(1, 3), out _), "overlaps");
        Refused.For<ArgumentException>("codes", () => new FlatTokens([2, 300]).TryRestore<int, byte>([0, 2], new byte[2], out _));
        Refused.For<ArgumentOutOfRangeException>("place", () => part.GetTokenRange(2));
        Refused.For<ArgumentOutOfRangeException>("place", () => part.GetTokenRange(-1));
    }

    [Fact]
    public void Arrange_CodebookLeftOut_IsRefusedWithTheReasonOrLeftToAPart()
    {
        var flat = new FlatTokens([10, 20]);
        var tokens = new int[2];
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => flat.Arrange<int, int>([3, -1], tokens), "-1 at frame 0, codebook 1", "left out", "Part");
        Assert.DoesNotContain(
            "left out",
            Assert.Throws<ArgumentOutOfRangeException>("codes", () => flat.Arrange<int, int>([3, -2], tokens)).Message,
            StringComparison.Ordinal);
        flat.Part(0, 1).Arrange<int, int>([3, -1], tokens.AsSpan(0, 1));
        Assert.Equal([3, 0], tokens);
    }

    [Fact]
    public void ArrangeAndRestore_TypesThatFitExactly_AreTaken()
    {
        var tokens = new byte[2];
        new FlatTokens([200, 56]).Arrange<int, byte>([199, 55], tokens);
        Assert.Equal([199, 255], tokens);
        Refused.For<ArgumentException>("tokens", () => new FlatTokens([200, 57]).Arrange<int, byte>([0, 0], tokens), "Byte", "256");
        var codes = new byte[2];
        new FlatTokens([1, 256]).Restore<int, byte>([0, 256], codes);
        Assert.Equal([0, 255], codes);
        Refused.For<ArgumentException>("codes", () => new FlatTokens([1, 257]).Restore<int, byte>([0, 1], codes), "Byte", "256");
        Assert.Equal(int.MaxValue, new FlatTokens([int.MaxValue]).VocabularySize);
    }

    [Fact]
    public void Part_CodebooksThatAreNotThere_AreRefused()
    {
        var flat = new FlatTokens([10, 20, 30]);
        Refused.For<ArgumentOutOfRangeException>("firstCodebook", () => flat.Part(-1, 2));
        Refused.For<ArgumentOutOfRangeException>("codebookCount", () => flat.Part(0, 0));
        Refused.For<ArgumentOutOfRangeException>("codebookCount", () => flat.Part(2, 2));
        Refused.For<ArgumentOutOfRangeException>("firstToken", () => _ = new FlatTokens([10], -1));
        Assert.Equal((2, 1), (flat.Part(2, 1).FirstCodebook, flat.Part(2, 1).CodebookCount));
    }

    [Fact]
    public void ArrangeAndRestore_BuffersThatOverlap_AreRefused()
    {
        var shared = new int[4];
        var flat = new FlatTokens([10, 20]);
        Refused.For<ArgumentException>("codes", () => flat.Restore<int, int>(shared.AsSpan(0, 2), shared.AsSpan(1, 2)), "overlaps");
        Refused.For<ArgumentException>("tokens", () => flat.Arrange<int, int>(shared.AsSpan(1, 2), shared.AsSpan(0, 2)), "overlaps");
    }
}
