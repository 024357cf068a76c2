using System.Buffers;
using System.Numerics.Tensors;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Codes and frames in any layout, into and out of streams.</summary>
public class RvqViewTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 5, 3)]
    [InlineData(4, 1, 2)]
    [InlineData(4, 6, 3)]
    public void WriteCopyToAndDecode_TransposedMemory_IsAsRowMajor(int framesPerBlock, int rows, int codebooks)
    {
        var model = RvqSamples.Model([50, 60, 70], [framesPerBlock, 1, 1]);
        var header = new RvqHeader(model);
        var codes = RvqSamples.Codes(header, rows, codebooks, 1);
        var n = codes.Length / rows;
        var expected = new MemoryStream();
        using (var writer = new RvqWriter(expected, header))
        {
            writer.Write<int>(codes, codebooks);
            writer.Complete((rows * framesPerBlock) - (framesPerBlock / 2));
        }

        foreach (var rank in (int[])[2, 3])
        {
            var stream = new MemoryStream();
            using (var writer = new RvqWriter(stream, header))
            {
                writer.Write<int>(View(Transposed(codes, n), rows, n, rank));
                writer.Complete((rows * framesPerBlock) - (framesPerBlock / 2));
            }

            Assert.Equal(expected.ToArray(), stream.ToArray());
            using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()), model);
            var chunk = reader.ReadChunk()!;
            var unpacked = new long[codes.Length];
            chunk.CopyTo<long>(View(unpacked, rows, n, rank));
            Assert.Equal(Transposed(codes, n), Array.ConvertAll(unpacked, code => (int)code));
            var frames = new float[chunk.FrameCount * 3];
            reader.Decode(chunk, frames);
            Assert.Equal(new Dequantizer(model.Take(codebooks)).Decode(codes)[..frames.Length], frames);
            var channelsFirst = new float[frames.Length];
            reader.Decode(chunk, View(channelsFirst, chunk.FrameCount, 3, rank));
            Assert.Equal(Transposed(frames, 3), channelsFirst);
        }
    }

    [Fact]
    public void Write_NoRows_WritesNothing()
    {
        using var writer = new RvqWriter(new MemoryStream(), new RvqHeader([10, 20]));
        writer.Write<int>(new ReadOnlyTensorSpan<int>(new int[2], [1, 2]).Slice([0..0, NRange.All]));
        Assert.Equal(0, writer.FrameCount);
    }

    [Fact]
    public void Write_ShapesThatDoNotFit_AreRefused()
    {
        using var writer = new RvqWriter(new MemoryStream(), new RvqHeader(RvqSamples.Model([10, 20, 30], [4, 2, 1])));
        foreach (var lengths in (nint[][])[[2, 2], [3, 4], [1, 8], [7], [2, 1, 7]])
        {
            var length = lengths.Aggregate((nint)1, (product, axis) => product * axis);
            Refused.For<ArgumentException>(
                "codes",
                () => writer.Write<int>(new ReadOnlyTensorSpan<int>(new int[length], lengths)),
                $"[{string.Join(", ", lengths)}]",
                "3 codebooks");
        }

        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => writer.Write<int>(new ReadOnlyTensorSpan<int>([9, 20, 0], [1, 3])), "20 at row 0, column 1");
        Assert.Equal(0, writer.FrameCount);
        writer.Write<int>(new ReadOnlyTensorSpan<int>([9], [1, 1]));
        writer.Write<int>(new ReadOnlyTensorSpan<int>([9, 19, 0], [1, 3]));
        Assert.Equal(8, writer.FrameCount);
    }

    [Fact]
    public void CopyToAndDecode_ShapesThatDoNotFit_AreRefused()
    {
        var model = RvqSamples.Model([10, 20]);
        var header = new RvqHeader(model);
        using var reader = RvqReader.Open(new MemoryStream(RvqSamples.Stream(header, [1, 2, 3, 4, 5, 6])), model);
        var chunk = reader.ReadChunk()!;
        var codes = new int[12];
        foreach (var lengths in (nint[][])[[2, 3], [3, 1], [4, 2], [2, 3, 2], [6]])
        {
            Refused.For<ArgumentException>(
                "codes", () => chunk.CopyTo<int>(new TensorSpan<int>(codes, lengths)), $"[{string.Join(", ", lengths)}]", "[3, 2]");
        }

        Refused.For<ArgumentException>("codes", () => chunk.CopyTo<int>(new TensorSpan<int>(codes, [3, 2], [0, 1])), "stride of 0");
        Assert.All(codes, code => Assert.Equal(0, code));
        Refused.For<ArgumentException>("codes", () => chunk.CopyTo<int>(codes.AsSpan(0, 5)), "length 5, but 3 rows of 2 codes need 6");
        var frames = new float[18];
        Refused.For<ArgumentException>(
            "frames", () => reader.Decode(chunk, frames.AsSpan(0, 8)), "length 8, but 3 frames of 3 dimensions need 9");
        foreach (var lengths in (nint[][])[[2, 3], [3, 2], [2, 3, 3], [9]])
        {
            Refused.For<ArgumentException>(
                "frames", () => reader.Decode(chunk, new TensorSpan<float>(frames, lengths)), $"[{string.Join(", ", lengths)}]", "[3, 3]");
        }

        Refused.For<ArgumentException>("frames", () => reader.Decode(chunk, new TensorSpan<float>(frames, [3, 3], [0, 1])), "stride of 0");
        Assert.All(frames, value => Assert.Equal(0, value));
    }

    /// <summary>Memory [columns, rows] seen as [rows, columns], or as [1, rows, columns].</summary>
    private static TensorSpan<T> View<T>(T[] memory, int rows, int columns, int rank)
    {
        nint row = rows == 1 ? 0 : 1;
        nint column = columns == 1 ? 0 : rows;
        return rank == 2 ? new(memory, [rows, columns], [row, column]) : new(memory, [1, rows, columns], [0, row, column]);
    }

    private static T[] Transposed<T>(T[] values, int columns)
        => [.. Enumerable.Range(0, values.Length).Select(
            i => values[(i % (values.Length / columns) * columns) + (i / (values.Length / columns))])];
}
