using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

public class NpyWriterTests
{
    [Theory]
    [InlineData("reference/encodec-small/frames.npy")]
    [InlineData("reference/faiss-rq-d16-n4-k64-small/frames.npy")]
    public void Write_WhatNumPyWrote_GivesTheSameBytes(string file)
    {
        var expected = File.ReadAllBytes(TestData.Path(file));
        var array = NpyReader.ReadSingle(new MemoryStream(expected));
        using var written = new MemoryStream();
        NpyWriter.Write(written, array.Values, array.Shape, NpyElements.Frames[0], TestContext.Current.CancellationToken);
        Assert.Equal(expected, written.ToArray());
    }

    [Theory]
    [InlineData(new int[] { })]
    [InlineData(new[] { 0 })]
    [InlineData(new[] { 70_001 })]
    [InlineData(new[] { 3, 5, 7 })]
    [InlineData(new[] { 100, 10, 1, 10, 1, 1, 1, 1, 1, 1, 1 })]
    public void Write_AnyShape_IsReadBack(int[] shape)
    {
        var values = Enumerable.Range(-3, shape.Aggregate(1, (product, length) => product * length)).ToArray();
        using var written = new MemoryStream();
        NpyWriter.Write(written, values, shape, NpyElements.Codes[0], TestContext.Current.CancellationToken);
        var array = NpyReader.ReadInt32(new MemoryStream(written.ToArray()));
        Assert.Equal(values, array.Values);
        Assert.Equal(shape, array.Shape);
        Assert.Equal(0, (written.Length - (values.Length * sizeof(int))) % 64);
    }

    [Fact]
    public void Write_Cancelled_Stops()
        => Assert.Throws<OperationCanceledException>(
            () => NpyWriter.Write(new MemoryStream(), new float[3], [3], NpyElements.Frames[0], new CancellationToken(canceled: true)));
}
