using System.Numerics.Tensors;
using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class SnacTokensTests
{
    private static readonly SnacTokens Orpheus = new([4, 2, 1]);

    [Fact]
    public void InterleaveAndRestore_OrpheusCodes_GiveOrpheusTokens()
    {
        var folder = TestData.Path("reference/layouts-orpheus-snac");
        var (expected, _) = Npy.ReadInt64(Path.Combine(folder, "token_numbers.npy"));
        var (flat, _) = Npy.ReadInt64(Path.Combine(folder, "flat.npy"));
        var codes = new long[expected.Length];
        for (var level = 0; level < 3; level++)
        {
            Orpheus.CopyLevelFrom(Npy.ReadInt64(Path.Combine(folder, $"codes_{level}.npy")).Data, level, codes);
        }

        var tokens = new long[codes.Length];
        Orpheus.Arrange(codes, tokens.AsSpan());
        Assert.Equal(expected, tokens);
        new SnacTokens([4, 2, 1], firstToken: 0).Arrange(codes, tokens.AsSpan());
        Assert.Equal(flat, tokens.Select((token, i) => token - (i % 7 * 4096)));

        var restored = new short[codes.Length];
        Orpheus.Restore(expected, restored.AsSpan());
        Assert.Equal(codes, Array.ConvertAll(restored, code => (long)code));
        for (var level = 0; level < 3; level++)
        {
            var (data, _) = Npy.ReadInt64(Path.Combine(folder, $"codes_{level}.npy"));
            var copied = new long[data.Length];
            Orpheus.CopyLevelTo(codes, level, copied);
            Assert.Equal(data, copied);
            var viewed = new long[data.Length];
            Orpheus.GetLevel(codes.AsSpan(), level).FlattenTo(viewed);
            Assert.Equal(data, viewed);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4, 2, 1)]
    [InlineData(8, 4, 2, 1)]
    [InlineData(6, 2)]
    [InlineData(1, 1, 1)]
    public void InterleaveAndRestore_AnyStridesAndBlocks_RoundTrip(params int[] strides)
    {
        var snac = new SnacTokens(strides, 50, 3);
        Assert.Equal(strides.Sum(stride => strides[0] / stride), snac.CodesPerBlock);
        for (var blocks = 0; blocks < 9; blocks++)
        {
            var codes = Enumerable.Range(0, blocks * snac.CodesPerBlock).Select(i => (byte)(i * 7 % 50)).ToArray();
            var tokens = new int[codes.Length];
            snac.Arrange(codes, tokens.AsSpan());
            Assert.All(tokens, (token, i) => Assert.Equal(i % snac.CodesPerBlock, (token - 3) / 50));
            var restored = new byte[codes.Length];
            snac.Restore(tokens, restored.AsSpan());
            Assert.Equal(codes, restored);

            Array.Clear(restored);
            for (var level = 0; level < snac.LevelCount; level++)
            {
                var levelCodes = new byte[blocks * snac.GetCodesPerBlock(level)];
                snac.CopyLevelTo(codes, level, levelCodes);
                var view = snac.GetLevel(restored.AsSpan(), level);
                if (blocks > 0)
                {
                    Assert.Equal([blocks, snac.GetCodesPerBlock(level)], view.Lengths);
                    new ReadOnlyTensorSpan<byte>(levelCodes, view.Lengths).CopyTo(view);
                }
            }

            Assert.Equal(codes, restored);
        }
    }

    [Fact]
    public void InterleaveAndRestore_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var buffer = new int[7];
        var codes = new int[7];
        codes[6] = 4096;
        Assert.Contains("4096 at block 0, place 6", Assert.Throws<ArgumentOutOfRangeException>("codes", () => Orpheus.Arrange<int, int>(codes, buffer)).Message, StringComparison.Ordinal);
        int[] tokens = [10, 4106, 8202, 12298, 16394, 20490, 24585];
        Assert.Contains("24585 at 6, whose place has the tokens [24586, 28682)", Assert.Throws<ArgumentOutOfRangeException>("tokens", () => Orpheus.Restore<int, int>(tokens, buffer)).Message, StringComparison.Ordinal);
        Assert.All(buffer, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>("codes", () => Orpheus.Arrange<int, int>(new int[8], new int[8]));
        Assert.Throws<ArgumentException>("tokens", () => Orpheus.Arrange<int, int>(new int[7], new int[14]));
        Assert.Throws<ArgumentException>("tokens", () => Orpheus.Arrange<int, short>(new int[7], new short[7].AsSpan(1)));
        Assert.Throws<ArgumentException>("levelCodes", () => Orpheus.CopyLevelTo(new int[14], 1, new int[3]));
        Assert.Throws<ArgumentOutOfRangeException>("level", () => Orpheus.CopyLevelTo(new int[14], 3, new int[4]));
        Assert.Throws<ArgumentException>("strides", () => new SnacTokens([4, 3]));
        Assert.Throws<ArgumentException>("strides", () => new SnacTokens([]));
        Assert.Throws<ArgumentOutOfRangeException>("strides", () => new SnacTokens([4, 0]));
        Assert.Throws<ArgumentException>("strides", () => new SnacTokens([int.MaxValue, 1]));
    }
}
