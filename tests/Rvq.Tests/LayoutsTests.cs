using System.Numerics.Tensors;

namespace Rvq.Tests;

/// <summary>Views of memory as it comes: every length, no trap.</summary>
public sealed class LayoutsTests
{
    public static TheoryData<long[]> Shapes()
    {
        long[] lengths = [0, 1, 2, 7];
        var data = new TheoryData<long[]>();
        foreach (var a in lengths)
        {
            foreach (var b in lengths)
            {
                data.Add([a, b]);
                foreach (var c in lengths)
                {
                    data.Add([a, b, c]);
                    data.Add([a, b, c, 3]);
                    data.Add([a, b, 1, c]);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ChannelsFirst_AnyLengths_PutsTheSecondAxisLast(long[] lengths)
        => AssertMoved(
            lengths,
            lengths.Length == 2 ? 0 : 1,
            values => Layouts.ChannelsFirst(values, lengths),
            values => Layouts.ChannelsFirst((ReadOnlySpan<int>)values, lengths));

    [Theory]
    [MemberData(nameof(Shapes))]
    public void CodebooksFirst_AnyLengths_PutsTheFirstAxisLast(long[] lengths)
        => AssertMoved(
            lengths,
            0,
            values => Layouts.CodebooksFirst(values, lengths),
            values => Layouts.CodebooksFirst((ReadOnlySpan<int>)values, lengths));

    [Fact]
    public void Views_OfArraysAndSpans_WriteToTheMemory()
    {
        int[] memory = [0, 0, 0, 0, 0, 0];
        Layouts.ChannelsFirst(memory, 2, 3)[2, 0] = 1;                            // [C, T]: t = 2, c = 0
        Layouts.ChannelsFirst(memory.AsSpan(), 1, 2, 3)[0, 1, 1] = 2;             // [B, C, T]
        Layouts.CodebooksFirst(memory, 3, 2)[1, 2] = 3;                           // [N, T]
        Layouts.CodebooksFirst(memory.AsSpan(), 3, 2, 1)[0, 0, 1] = 4;            // [N, B, T]: b = 0, t = 0, n = 1
        Assert.Equal([0, 0, 4, 0, 2, 3], memory.Select((value, i) => i == 2 ? memory[2] : value));
        Assert.Equal(4, memory[2]);
    }

    [Fact]
    public void Views_OfDefaultSpans_AreEmpty()
    {
        Assert.Equal([0, 4, 3], Layouts.ChannelsFirst(default(Span<int>), 0, 3, 4).Lengths.ToArray());
        Assert.Equal([1, 0, 3], Layouts.ChannelsFirst(default(ReadOnlySpan<int>), 1, 3, 0).Lengths.ToArray());
        Assert.Equal([0, 4, 3], Layouts.CodebooksFirst(default(Span<int>), 3, 0, 4).Lengths.ToArray());
        Assert.Equal([4, 5, 0], Layouts.CodebooksFirst(default(ReadOnlySpan<int>), 0, 4, 5).Lengths.ToArray());
    }

    [Fact]
    public void Views_WrongArguments_AreRefusedWithBothNumbers()
    {
        Refused.For<ArgumentNullException>("values", () => _ = Layouts.ChannelsFirst((int[])null!, 1, 1));
        Refused.For<ArgumentNullException>("codes", () => _ = Layouts.CodebooksFirst((int[])null!, 1, 1));
        Refused.For<ArgumentException>(
            "values", () => _ = Layouts.ChannelsFirst(new int[5], 1, 2, 3), "values has length 5", "[1, 2, 3] need 6");
        Refused.For<ArgumentException>("codes", () => _ = Layouts.CodebooksFirst(new int[7], 1, 2, 3), "codes has length 7", "need 6");
        Refused.For<ArgumentException>("values", () => _ = Layouts.ChannelsFirst(new int[1], 0, 2, 3), "length 1", "need 0");
        Refused.For<ArgumentException>(
            "values", () => _ = Layouts.ChannelsFirst(Array.Empty<int>(), long.MaxValue, long.MaxValue, 2), "length 0", "need more than");
        Refused.For<ArgumentException>("values", () => _ = Layouts.ChannelsFirst(new int[1], 65536, 65536, 0x100000001), "need more than");
        Refused.For<ArgumentException>("lengths", () => _ = Layouts.ChannelsFirst(new int[1], 1), "1 axes", "2 to 4");
        Refused.For<ArgumentException>("lengths", () => _ = Layouts.ChannelsFirst(new int[1], 1, 1, 1, 1, 1), "5 axes");
        Refused.For<ArgumentOutOfRangeException>("lengths", () => _ = Layouts.CodebooksFirst(Array.Empty<int>(), 1, -2, 3), "-2 at 1");
        Assert.Equal(0, Layouts.ChannelsFirst(Array.Empty<int>(), long.MaxValue, 0, long.MaxValue).FlattenedLength);
    }

    [Fact]
    public void EncodeAndDecode_AnyBatchFramesAndCodebooks_EqualFrameByFrame()
    {
        foreach (var n in new[] { 1, 2, 7 })
        {
            var model = new RvqModel([.. Enumerable.Range(0, n).Select(i => TestModels.Codebook(new Random(i), 20, 5))]);
            var (quantizer, dequantizer) = (new Quantizer(model), new Dequantizer(model));
            foreach (var b in new[] { 0, 1, 2, 7 })
            {
                foreach (var t in new[] { 0, 1, 2, 7 })
                {
                    var latents = TestVectors.Normal(new Random(b), b * 5 * t);       // [B, D, T]
                    var frames = Transpose(latents, b, 5, t);                         // [B, T, D]
                    var expected = Oracle.Encode(model, frames);                      // [B, T, N]
                    var view = Layouts.ChannelsFirst(latents, b, 5, t);
                    Assert.Equal(expected, quantizer.Encode(view));
                    var (batchFirst, codebooksFirst) = (new long[b * n * t], new long[b * n * t]);
                    quantizer.Encode(view, Layouts.ChannelsFirst(batchFirst, b, n, t));
                    quantizer.Encode(view, Layouts.CodebooksFirst(codebooksFirst, n, b, t));
                    Assert.Equal(expected, Array.ConvertAll(Transpose(batchFirst, b, n, t), code => (int)code));
                    for (var i = 0; i < codebooksFirst.Length; i++)
                    {
                        Assert.Equal(expected[(i % (b * t) * n) + (i / (b * t))], codebooksFirst[i]);
                    }

                    var decoded = new float[b * 5 * t];
                    dequantizer.Decode<long>(Layouts.CodebooksFirst(codebooksFirst, n, b, t), Layouts.ChannelsFirst(decoded, b, 5, t));
                    Assert.Equal(Oracle.Decode(model, expected), Transpose(decoded, b, 5, t));
                    Assert.Equal(
                        Oracle.Decode(model, expected),
                        dequantizer.Decode(Layouts.ChannelsFirst(Array.ConvertAll(batchFirst, code => (int)code), b, n, t)));
                }
            }
        }
    }

    [Fact]
    public void EncodeAndDecode_StridedModel_ShapesAreBlocks()
    {
        var model = TestModels.All().Single(pair => pair.Name == "SNAC").Model;       // 4, 2, 1: seven codes for four frames
        var latents = TestVectors.Normal(new Random(5), 2 * 19 * 8);                  // [B, D, T]
        var codes = new Quantizer(model).Encode(Layouts.ChannelsFirst(latents, 2, 19, 8));
        Assert.Equal(Oracle.Encode(model, Transpose(latents, 2, 19, 8)), codes);
        Assert.Equal(new Dequantizer(model).Decode(codes), new Dequantizer(model).Decode(new ReadOnlyTensorSpan<int>(codes, [2, 2, 7])));
    }

    [Fact]
    public void EncodeAndDecode_SwappedAxes_AreNamed()
    {
        var model = new RvqModel(new Codebook(new float[3 * 128], 128), new Codebook(new float[3 * 128], 128));
        var (quantizer, dequantizer) = (new Quantizer(model), new Dequantizer(model));
        var latents = new float[2 * 128 * 75];
        Refused.For<ArgumentException>(
            "frames", () => quantizer.Encode(new ReadOnlyTensorSpan<float>(latents, [2, 128, 75])),
            "a last axis of 75", "128 dimensions", "the axis before it has length 128: Layouts.ChannelsFirst? (Parameter");
        Refused.For<ArgumentException>(
            "frames",
            () => quantizer.Encode(new ReadOnlyTensorSpan<float>(latents, [128, 150])),
            "the axis before it has length 128: Layouts.ChannelsFirst? (Parameter");
        Refused.For<ArgumentException>(
            "frames",
            () => quantizer.Encode(new ReadOnlyTensorSpan<float>(latents, [128, 2, 75])),
            "axis 0 has length 128: Layouts.CodebooksFirst?");
        Refused.For<ArgumentException>(
            "frames",
            () => quantizer.Encode(new ReadOnlyTensorSpan<float>(latents, [1, 2, 128, 75])),
            "the axis before it has length 128: are the axes swapped?");
        Refused.For<ArgumentException>(
            "frames",
            () => quantizer.Encode(new ReadOnlyTensorSpan<float>(latents, [2, 64, 150])),
            "a last axis of 150, but the model has 128 dimensions.");
        Refused.For<ArgumentException>(
            "frames",
            () => quantizer.Encode<int>(new ReadOnlyTensorSpan<Half>(new Half[256], [128, 2]), new TensorSpan<int>(new int[4], [2, 2])),
            "Layouts.ChannelsFirst?");
        Refused.For<ArgumentException>(
            "codes", () => quantizer.Encode(Layouts.ChannelsFirst(latents, 2, 128, 75), new TensorSpan<int>(new int[300], [2, 2, 75])),
            "a last axis of 75", "2 codes", "the axis before it has length 2: Layouts.ChannelsFirst?");
        Refused.For<ArgumentException>(
            "codes",
            () => dequantizer.Decode(new ReadOnlyTensorSpan<int>(new int[450], [2, 3, 75])),
            "a last axis of 75",
            "axis 0 has length 2: Layouts.CodebooksFirst?");
        Refused.For<ArgumentException>("codes", () => dequantizer.Decode(new ReadOnlyTensorSpan<int>(new int[4], [4])), "1 axes");
        Refused.For<ArgumentException>("frames", () => quantizer.Encode(new ReadOnlyTensorSpan<float>(new float[128], [128])), "1 axes");
    }

    [Fact]
    public void Decode_AResultThatNoArrayHolds_IsRefused()
    {
        // Codes that are all one element: strides of 0 make any shape of them.
        var dequantizer = new Dequantizer(new RvqModel(new Codebook(new float[64], 64)));
        Refused.For<ArgumentException>(
            "codes", () => dequantizer.Decode(new ReadOnlyTensorSpan<int>(new int[1], [1 << 26, 1], [0, 0])), "no array holds");
    }

    private delegate TensorSpan<int> Writable(int[] values);

    private delegate ReadOnlyTensorSpan<int> Readable(int[] values);

    /// <summary>Each element of the view is the one that lies at its place in memory, counted by hand.</summary>
    private static void AssertMoved(long[] lengths, int axis, Writable writable, Readable readable)
    {
        var values = Enumerable.Range(0, (int)lengths.Aggregate((a, b) => a * b)).ToArray();
        long[] moved = [.. lengths.Where((_, i) => i != axis), lengths[axis]];
        var view = writable(values);
        Assert.Equal(moved, view.Lengths.ToArray().Select(length => (long)length));
        var flat = new int[values.Length];
        view.FlattenTo(flat);
        for (var i = 0; i < flat.Length; i++)
        {
            // Place i in the view's order, as an index per axis of the memory.
            var index = new long[lengths.Length];
            var rest = (long)i;
            foreach (var at in Enumerable.Range(0, lengths.Length).Where(at => at != axis).Append(axis).Reverse())
            {
                (rest, index[at]) = Math.DivRem(rest, lengths[at]);
            }

            Assert.Equal(Enumerable.Range(0, lengths.Length).Aggregate(0L, (place, at) => (place * lengths[at]) + index[at]), flat[i]);
        }

        var again = new int[values.Length];
        readable(values).FlattenTo(again);
        Assert.Equal(flat, again);
    }

    private static T[] Transpose<T>(T[] values, int batch, int rows, int columns)
        => [.. Enumerable.Range(0, values.Length).Select(
            i => values[(i / (rows * columns) * rows * columns) + (i % rows * columns) + (i / rows % columns)])];
}
