using System.Numerics.Tensors;

namespace Rvq.Tests;

public sealed class RvqModelCodesTests
{
    [Theory]
    [InlineData(0, new[] { 0, 7, 14 })]
    [InlineData(1, new[] { 1, 2, 8, 9, 15, 16 })]
    [InlineData(2, new[] { 3, 4, 5, 6, 10, 11, 12, 13, 17, 18, 19, 20 })]
    public void CodesOf_StridedCodebooks_AreTheRaggedArrays(int codebook, int[] expected)
    {
        var model = Strided(4, 2, 1);
        int[] codes = [.. Enumerable.Range(0, 21)];
        var copy = new int[expected.Length];
        model.CodesOf(codebook, codes).FlattenTo(copy);
        Assert.Equal(expected, copy);

        // And back: what is copied into the view lands in the same places.
        var blocks = new int[21];
        new ReadOnlyTensorSpan<int>(copy, [3, expected.Length / 3], default).CopyTo(model.CodesOf(codebook, blocks.AsSpan()));
        Assert.Equal(codes.Select(code => expected.Contains(code) ? code : 0), blocks);
    }

    [Fact]
    public void CodesOf_PlainModel_IsAColumn()
    {
        byte[] codes = [1, 2, 3, 4, 5, 6];
        var column = new byte[3];
        Strided(1, 1).CodesOf(1, codes).FlattenTo(column);
        Assert.Equal([2, 4, 6], column);
    }

    [Fact]
    public void CodesOf_NoOrOneBlock_IsEmptyOrOne()
    {
        Assert.Equal([0, 2], Strided(4, 2, 1).CodesOf(1, ReadOnlySpan<int>.Empty).Lengths.ToArray());
        Assert.Equal([0, 2], Strided(4, 2, 1).CodesOf(1, Span<int>.Empty).Lengths.ToArray());
        Strided(4, 2, 1).CodesOf(1, ReadOnlySpan<int>.Empty).FlattenTo([]);
        Strided(4, 2, 1).CodesOf(1, Span<int>.Empty).FlattenTo([]);
        new ReadOnlyTensorSpan<int>(Array.Empty<int>(), [0, 2], []).CopyTo(Strided(4, 2, 1).CodesOf(1, Span<int>.Empty));
        var written = new int[7];
        Strided(4, 2, 1).CodesOf(1, written.AsSpan()).Fill(9);
        Assert.Equal([0, 9, 9, 0, 0, 0, 0], written);
        var one = new int[2];
        Strided(4, 2, 1).CodesOf<int>(1, [0, 1, 2, 3, 4, 5, 6]).FlattenTo(one);
        Assert.Equal([1, 2], one);
    }

    [Fact]
    public void CodesOf_WhatDoesNotFit_IsRefusedWithBothNumbers()
    {
        var model = Strided(4, 2, 1);
        Assert.Contains("20", Assert.Throws<ArgumentException>(() => { model.CodesOf(0, new int[20]); }).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => { model.CodesOf(3, new int[21]); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { model.CodesOf(-1, new int[21]); });
    }

    private static RvqModel Strided(params int[] strides)
        => new(new ResidualStack([.. strides.Select(stride => new Stage(new Codebook([1, 2], 1), stride: stride))]));
}
