using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class DiaTokensTests
{
    [Fact]
    public void Arrange_TwoFrames_PutsBeginEndAndPadAroundEveryCodebook()
    {
        var codes = Enumerable.Range(1, 18).ToArray();
        var tokens = new int[DiaTokens.GetStepCount(2) * 9];
        DiaTokens.Arrange(codes, tokens);
        int[] delays = [0, 8, 9, 10, 11, 12, 13, 14, 15];
        for (var codebook = 0; codebook < 9; codebook++)
        {
            var stream = tokens.Where((_, i) => i % 9 == codebook);
            int[] expected =
            [
                .. Enumerable.Repeat(1026, 1 + delays[codebook]), codes[codebook], codes[9 + codebook], 1024,
                .. Enumerable.Repeat(1025, 15 - delays[codebook]),
            ];
            Assert.Equal(expected, stream);
        }
    }

    [Fact]
    public void ArrangeAndRestore_AnyNumberOfFrames_RoundTrip()
    {
        for (var frames = 0; frames < 30; frames++)
        {
            var codes = Enumerable.Range(0, frames * 9).Select(i => (short)(i * 37 % 1024)).ToArray();
            var tokens = new short[DiaTokens.GetStepCount(frames) * 9];
            DiaTokens.Arrange(codes, tokens);
            Assert.Equal(frames, DiaTokens.GetFrameCount<short>(tokens));
            var restored = new short[codes.Length];
            DiaTokens.Restore(tokens, restored);
            Assert.Equal(codes, restored);

            // A sequence that was cut off holds the frames that every codebook has reached.
            Assert.Equal(Math.Max(0, frames - 3), DiaTokens.GetFrameCount<short>(tokens.AsSpan(0, tokens.Length - (4 * 9))));
        }

        Assert.Equal(0, DiaTokens.GetFrameCount<int>([]));
    }

    [Fact]
    public void ArrangeAndRestore_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var tokens = new int[18 * 9];
        var codes = new int[9];
        codes[8] = 1024;
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => DiaTokens.Arrange(codes, tokens));
        Assert.All(tokens, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>("tokens", () => DiaTokens.Arrange(new int[9], new int[17 * 9]));
        Assert.Throws<ArgumentException>("tokens", () => DiaTokens.Arrange(new byte[9], new byte[18 * 9]));
        codes[8] = 7;
        DiaTokens.Arrange(codes, tokens);
        tokens[(16 * 9) + 8] = 1025;
        var restored = new int[9];
        Assert.Contains(
            "1025 at frame 0, codebook 8",
            Assert.Throws<ArgumentOutOfRangeException>("tokens", () => DiaTokens.Restore(tokens, restored)).Message,
            StringComparison.Ordinal);
        Assert.All(restored, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>("tokens", () => DiaTokens.Restore(tokens, new int[27]));
    }
    [Fact]
    public void TryRestore_ASpecialTokenWithinTheFrames_GivesTheFramesBefore()
    {
        var codes = Enumerable.Range(1, 5 * 9).ToArray();
        var tokens = new int[DiaTokens.GetStepCount(5) * 9];
        DiaTokens.Arrange(codes, tokens);
        var back = Enumerable.Repeat(-7, 50).ToArray();
        Assert.True(DiaTokens.TryRestore<int>(tokens, back, out var frames));
        Assert.Equal(5, frames);
        Assert.Equal([.. codes, -7, -7, -7, -7, -7], back);

        // Codebook 8 of frame 3 is 15 steps late.
        foreach (var wrong in (int[])[1024, 1025, -1])
        {
            tokens[((3 + 1 + 15) * 9) + 8] = wrong;
            Array.Fill(back, -7);
            Assert.False(DiaTokens.TryRestore<int>(tokens, back, out frames));
            Assert.Equal(3, frames);
            Assert.Equal([.. codes[..27], .. Enumerable.Repeat(-7, 23)], back);
        }

        Assert.True(DiaTokens.TryRestore<int>([], [], out frames));
        Assert.Equal(0, frames);
        Refused.For<ArgumentException>(
            "codes", () => DiaTokens.TryRestore<int>(tokens, new int[44], out _), "length 44, but 5 frames of 9 codes need 45");
        Refused.For<ArgumentException>("codes", () => DiaTokens.TryRestore(tokens, tokens.AsSpan(20, 45), out _), "overlaps");
    }

    [Fact]
    public void ArrangeAndRestore_BuffersThatOverlapOrALeftOutCodebook_AreRefused()
    {
        var shared = new int[(18 * 9) + 8];
        Refused.For<ArgumentException>("tokens", () => DiaTokens.Arrange(shared.AsSpan(0, 9), shared.AsSpan(8)), "overlaps");
        Refused.For<ArgumentException>(
            "codes", () => DiaTokens.Restore<int>(shared.AsSpan(0, 18 * 9), shared.AsSpan((18 * 9) - 1, 9)), "overlaps");
        Assert.All(shared, value => Assert.Equal(0, value));
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => DiaTokens.Arrange([1, 2, 3, 4, 5, 6, 7, 8, -1], new int[18 * 9]), "-1 at frame 0, codebook 8", "left out");
    }

    [Fact]
    public void GetStepCount_FrameCountsOutOfRange_AreRefused()
    {
        Assert.Equal((17, int.MaxValue), (DiaTokens.GetStepCount(0), DiaTokens.GetStepCount(int.MaxValue - 17)));
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => DiaTokens.GetStepCount(-1));
        Refused.For<ArgumentOutOfRangeException>("frameCount", () => DiaTokens.GetStepCount(int.MaxValue - 16));
    }
}
