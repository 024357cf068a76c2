using System.Buffers;
using System.Numerics.Tensors;
using Rvq.Tokens;

namespace Rvq.Tests.Tokens;

public class SnacTokensTests
{
    private static readonly SnacTokens Orpheus = new([4, 2, 1]);

    [Fact]
    public void ArrangeAndRestore_OrpheusCodes_GiveOrpheusTokens()
    {
        var folder = TestData.Path("reference/layouts-orpheus-snac");
        var (expected, _) = Npy.ReadInt64(Path.Combine(folder, "token_numbers.npy"));
        var (flat, _) = Npy.ReadInt64(Path.Combine(folder, "flat.npy"));
        var levels = Enumerable.Range(0, 3).Select(level => Npy.ReadInt64(Path.Combine(folder, $"codes_{level}.npy")).Data).ToArray();
        var blocks = levels[0].Length;

        // The remark's way to a level without a model, there and back.
        var codes = new long[expected.Length];
        foreach (var (level, columns) in (IEnumerable<(int, Range)>)[(0, 0..1), (1, 1..3), (2, 3..7)])
        {
            var view = new TensorSpan<long>(codes, [blocks, 7]).Slice([NRange.All, columns]);
            new ReadOnlyTensorSpan<long>(levels[level], view.Lengths).CopyTo(view);
            var copied = new long[levels[level].Length];
            view.FlattenTo(copied);
            Assert.Equal(levels[level], copied);
        }

        var tokens = new long[codes.Length];
        Orpheus.Arrange(codes, tokens.AsSpan());
        Assert.Equal(expected, tokens);
        new SnacTokens([4, 2, 1], firstToken: 0).Arrange(codes, tokens.AsSpan());
        Assert.Equal(flat, tokens.Select((token, i) => token - (i % 7 * 4096)));

        var restored = new short[codes.Length];
        Orpheus.Restore(expected, restored.AsSpan());
        Assert.Equal(codes, Array.ConvertAll(restored, code => (long)code));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4, 2, 1)]
    [InlineData(8, 4, 2, 1)]
    [InlineData(6, 2)]
    [InlineData(1, 1, 1)]
    public void ArrangeAndRestore_AnyStridesAndBlocks_RoundTrip(params int[] strides)
    {
        var snac = new SnacTokens(strides, 50, 3);
        Assert.Equal(strides.Sum(stride => strides[0] / stride), snac.CodesPerBlock);
        for (var blocks = 0; blocks < 9; blocks++)
        {
            var codes = Enumerable.Range(0, blocks * snac.CodesPerBlock).Select(i => (byte)(i * 7 % 50)).ToArray();
            var tokens = new int[codes.Length];
            snac.Arrange(codes, tokens.AsSpan());
            Assert.All(tokens, (token, i) => Assert.Equal(i % snac.CodesPerBlock, (token - 3) / 50));
            Assert.All(tokens, (token, i) => Assert.InRange(
                token, snac.GetTokenRange(i % snac.CodesPerBlock).Start.Value, snac.GetTokenRange(i % snac.CodesPerBlock).End.Value - 1));
            var restored = new byte[codes.Length];
            snac.Restore(tokens, restored.AsSpan());
            Assert.Equal(codes, restored);
        }
    }

    [Fact]
    public void TryRestore_OneTokenInTheWrongStripe_GivesTheGoodBlocksAndSaysWhichIsBad()
    {
        // reports/orpheus-invalid-token: ids in the language model's vocabulary, 128256 + 10 + place × 4096 + code.
        var layout = new SnacTokens([4, 2, 1], 4096, firstToken: 128266);
        int[] codes = [.. Enumerable.Range(0, 28).Select(i => i * 100)];
        var tokens = new int[28];
        layout.Arrange<int, int>(codes, tokens);
        var back = new int[28];
        Assert.True(layout.TryRestore<int, int>(tokens, back, out var all));
        Assert.Equal(4, all);
        Assert.Equal(codes, back);

        tokens[9] += 4096;
        Assert.Equal(136458..140554, layout.GetTokenRange(9 % 7));
        Array.Fill(back, -7);
        Assert.False(layout.TryRestore<int, int>(tokens, back, out var good));
        Assert.Equal(1, good);
        Assert.Equal(codes[..7], back[..7]);
        Assert.All(back[7..], code => Assert.Equal(-7, code));

        // And on behind the bad block.
        Assert.True(layout.TryRestore<int, int>(tokens.AsSpan((good + 1) * 7), back.AsSpan(7, 14), out var rest));
        Assert.Equal(2, rest);
        Assert.Equal([.. codes[..7], .. codes[14..], .. Enumerable.Repeat(-7, 7)], back);
    }

    [Fact]
    public void TryRestore_TokensThatEndWithinABlock_LooksAtWholeBlocks()
    {
        int[] tokens = [10, 4106, 8202, 12298, 16394, 20490, 24586, 10, 4106, -1];
        var codes = new byte[7];
        Assert.Throws<ArgumentException>("codes", () => Orpheus.TryRestore<int, byte>(tokens, codes, out _));
        var layout = new SnacTokens([4, 2, 1], 256, 0);
        Assert.True(layout.TryRestore<int, byte>([3, 256, 512, 768, 1024, 1280, 1791, 0, 256], codes, out var blocks));
        Assert.Equal(1, blocks);
        Assert.Equal([3, 0, 0, 0, 0, 0, 255], codes);
        Assert.True(layout.TryRestore<int, byte>([5], [], out blocks));
        Assert.Equal(0, blocks);
        Assert.False(Orpheus.TryRestore<int, short>(tokens.AsSpan(3), new short[7], out blocks));
        Assert.Equal(0, blocks);
        Assert.Throws<ArgumentException>("codes", () => layout.TryRestore<int, byte>(new int[14], new byte[13], out _));
        var shared = new int[14];
        Assert.Throws<ArgumentException>("codes", () => layout.TryRestore<int, int>(shared.AsSpan(0, 7), shared.AsSpan(6, 7), out _));
    }

    [Fact]
    public void GetTokenRange_PlacesOutsideABlock_AreRefused()
    {
        Assert.Equal(10..4106, Orpheus.GetTokenRange(0));
        Assert.Equal(24586..28682, Orpheus.GetTokenRange(6));
        Assert.Throws<ArgumentOutOfRangeException>("place", () => Orpheus.GetTokenRange(7));
        Assert.Throws<ArgumentOutOfRangeException>("place", () => Orpheus.GetTokenRange(-1));
    }

    [Fact]
    public void ArrangeAndRestore_WhatDoesNotFit_IsRefusedBeforeAnythingIsWritten()
    {
        var buffer = new int[7];
        var codes = new int[7];
        codes[6] = 4096;
        Refused.For<ArgumentOutOfRangeException>("codes", () => Orpheus.Arrange<int, int>(codes, buffer), "4096 at block 0, place 6");
        codes[6] = -1;
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => Orpheus.Arrange<int, int>(codes, buffer), "-1 at block 0, place 6", "left out", "coarser strides");
        int[] tokens = [10, 4106, 8202, 12298, 16394, 20490, 24585];
        Refused.For<ArgumentOutOfRangeException>(
            "tokens", () => Orpheus.Restore<int, int>(tokens, buffer), "24585 at 6, whose place has the tokens [24586, 28682)");
        foreach (var wrong in (long[])[28682, -1, long.MinValue, long.MaxValue])
        {
            Refused.For<ArgumentOutOfRangeException>(
                "tokens", () => Orpheus.Restore<long, int>([10, 4106, 8202, 12298, 16394, 20490, wrong], buffer), $"{wrong} at 6");
        }

        Assert.All(buffer, value => Assert.Equal(0, value));
        Refused.For<ArgumentException>(
            "codes",
            () => Orpheus.Arrange<int,
            int>(new int[8], new int[8]),
            "length 8, which is not a multiple of the 7 codes of a block");
        Refused.For<ArgumentException>("tokens", () => Orpheus.Arrange<int, int>(new int[7], new int[14]), "length 14, but 7 codes need 7");
        Refused.For<ArgumentException>(
            "strides", () => _ = new SnacTokens([4, 3]), "strides[0] is 4, which is not a multiple of strides[1] = 3");
        Refused.For<ArgumentException>("strides", () => _ = new SnacTokens([]));
        Refused.For<ArgumentOutOfRangeException>("strides", () => _ = new SnacTokens([4, 0]));
        Refused.For<ArgumentException>("strides", () => _ = new SnacTokens([int.MaxValue, 1]));
        Refused.For<ArgumentOutOfRangeException>("codebookSize", () => _ = new SnacTokens([4], 0));
        Refused.For<ArgumentOutOfRangeException>("firstToken", () => _ = new SnacTokens([4], 1, -1));
    }

    [Fact]
    public void ArrangeAndRestore_TypesThatAreTooSmall_AreRefusedAndExactOnesTaken()
    {
        Refused.For<ArgumentException>("tokens", () => Orpheus.Arrange<int, sbyte>(new int[7], new sbyte[7]), "SByte", "28681");
        Refused.For<ArgumentException>(
            "codes", () => Orpheus.Restore<int, sbyte>([10, 4106, 8202, 12298, 16394, 20490, 24586], new sbyte[7]), "SByte", "4095");

        // 255 is the last token of 51 codes and five places, and the last code of a codebook of 256.
        var exact = new SnacTokens([4, 1], 51, 0);
        var tokens = new byte[5];
        exact.Arrange<int, byte>([50, 50, 50, 50, 50], tokens);
        Assert.Equal([50, 101, 152, 203, 254], tokens);
        new SnacTokens([4, 1], 51, 1).Arrange<int, byte>([50, 50, 50, 50, 50], tokens);
        Assert.Equal(255, tokens[4]);
        Refused.For<ArgumentException>("tokens", () => new SnacTokens([4, 1], 51, 2).Arrange<int, byte>(new int[5], tokens));
        var codes = new byte[1];
        new SnacTokens([1], 256, 0).Restore<int, byte>([255], codes);
        Assert.Equal(255, codes[0]);
        Refused.For<ArgumentException>("codes", () => new SnacTokens([1], 257, 0).Restore<int, byte>([1], codes));

        // The last token there can be.
        var last = new SnacTokens([1], int.MaxValue - 5, 5);
        Assert.Equal(5..int.MaxValue, last.GetTokenRange(0));
        Refused.For<ArgumentException>("strides", () => _ = new SnacTokens([1], int.MaxValue - 5, 6), $"{int.MaxValue}");
    }

    [Fact]
    public void ArrangeAndRestore_BuffersThatOverlap_AreRefused()
    {
        var shared = new int[14];
        Refused.For<ArgumentException>("tokens", () => Orpheus.Arrange<int, int>(shared.AsSpan(0, 7), shared.AsSpan(6, 7)), "overlaps");
        Refused.For<ArgumentException>("codes", () => Orpheus.Restore<int, int>(shared.AsSpan(0, 7), shared.AsSpan(6, 7)), "overlaps");
        Assert.All(shared, value => Assert.Equal(0, value));
        Orpheus.Arrange<int, int>(shared.AsSpan(0, 7), shared.AsSpan(7, 7));
        Assert.Equal([10, 4106, 8202, 12298, 16394, 20490, 24586], shared[7..]);
    }
}
