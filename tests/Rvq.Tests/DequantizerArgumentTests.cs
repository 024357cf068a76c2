using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Rvq.Tests;

/// <summary>What a dequantizer refuses, how it says so, and that it has written nothing then.</summary>
public sealed class DequantizerArgumentTests
{
    // 3 codebooks of 30, 5 and 64 codewords of 12 dimensions.
    private static readonly RvqModel Model = TestModels.All().First().Model;
    private static readonly Dequantizer Sut = new(Model);

    [Fact]
    public void Constructor_NoModel_IsRefused() => Refused.For<ArgumentNullException>("model", () => _ = new Dequantizer(null!));

    [Fact]
    public void Decode_LengthsThatDoNotFit_AreRefused()
    {
        Untouched(24, frames => Refused.For<ArgumentException>("codes", () => Sut.Decode<int>(new int[7], frames), "7", "3 codes"));
        Untouched(23, frames => Refused.For<ArgumentException>(
            "frames", () => Sut.Decode<int>(new int[6], frames), "frames has length 23, but 2 frames of 12 dimensions need 24"));
        Untouched(36, frames => Refused.For<ArgumentException>("frames", () => Sut.Decode<byte>(new byte[6], frames), "36", "24"));
        Refused.For<ArgumentException>("codes", () => Sut.Decode(new int[7]), "7", "3 codes");
    }

    [Fact]
    public void Decode_CodeOutsideItsCodebook_IsRefusedWithItsPlace()
    {
        Refuses(-2);
        Refuses(5);
        Refuses(int.MaxValue);
        Refuses(int.MinValue);
        Refuses(5L);
        Refuses(-2L);
        Refuses(long.MaxValue);
        Refuses(long.MinValue);
        Refuses(1L << 32);
        Refuses((1L << 32) + 1);
        Refuses(ulong.MaxValue);
        Refuses(1UL << 63);
        Refuses(1UL << 32);
        Refuses<byte>(5);
        Refuses<byte>(255);
        Refuses<sbyte>(-128);
        Refuses<ushort>(65535);
        Refuses<UInt128>((UInt128)1 << 64);
        Refuses<Int128>(-((Int128)1 << 64));
    }

    [Theory]
    [InlineData(0, 30)]
    [InlineData(1, 5)]
    [InlineData(2, 64)]
    public void Decode_EachColumn_HasItsOwnRange(int column, int size)
    {
        foreach (var row in new[] { 0, 4, 8 })
        {
            var codes = new int[27];
            codes[(row * 3) + column] = size - 1;
            Assert.Equal(Oracle.Decode(Model, codes), Sut.Decode(codes));
            codes[(row * 3) + column] = size;
            Untouched(108, frames => Refused.For<ArgumentOutOfRangeException>(
                "codes", () => Sut.Decode<int>(codes, frames), $"{size} at row {row}, column {column}", $"{size} codewords"));
        }
    }

    [Fact]
    public void Decode_StridedStages_HaveTheirOwnRanges()
    {
        // Strides 2 and 1: one code below 3, two codes below 5.
        var model = new RvqModel(
            new ResidualStack([new Stage(new Codebook(new float[3], 1), stride: 2), new Stage(new Codebook(new float[5], 1))]));
        var dequantizer = new Dequantizer(model);
        Assert.Equal(4, dequantizer.Decode([2, 4, 4, 2, 4, 4]).Length);
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => dequantizer.Decode([2, 4, 4, 3, 4, 4]), "3 at row 1, column 0", "3 codewords");
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => dequantizer.Decode([2, 4, 5, 2, 4, 4]), "5 at row 0, column 2", "5 codewords");
    }

    [Fact]
    public void Decode_OverlappingBuffers_AreRefused()
    {
        // 2 × 3 codes, 2 × 12 values.
        var memory = new float[24 + 6];
        foreach (var start in new[] { 0, 12, 23 })
        {
            Refused.For<ArgumentException>(
                "frames", () => Sut.Decode<int>(MemoryMarshal.Cast<float, int>(memory.AsSpan(start, 6)), memory.AsSpan(0, 24)));
            Refused.For<ArgumentException>("frames", () => Sut.Decode(
                new ReadOnlyTensorSpan<int>(MemoryMarshal.Cast<float, int>(memory.AsSpan(start, 6)), [2, 3], default),
                new TensorSpan<float>(memory.AsSpan(0, 24), [2, 12], default)));
        }

        Refused.For<ArgumentException>(
            "frames", () => Sut.Decode<int>(MemoryMarshal.Cast<float, int>(memory.AsSpan(0, 6)), memory.AsSpan(5, 24)));
        Assert.All(memory, value => Assert.Equal(0, value));
        Sut.Decode<int>(MemoryMarshal.Cast<float, int>(memory.AsSpan(24)), memory.AsSpan(0, 24));
        Assert.Equal(Oracle.Decode(Model, new int[6]), memory[..24]);
    }

    [Fact]
    public void Decode_ShapesThatDoNotFit_AreRefused()
    {
        Refuses("frames", [12], [3], "1 axes");
        Refuses("codes", [2, 3, 12], [6, 3], "2 axes", "3");
        Refuses("frames", [3, 11], [3, 3], "11", "12 dimensions");
        Refuses("codes", [3, 12], [3, 4], "4", "3 codes");
        Refuses("codes", [3, 12], [2, 3], "2", "3 frames need 3");
        Refuses("codes", [2, 3, 12], [1, 3, 3], "length 1 on axis 0", "frames has 2");

        static void Refuses(string parameter, nint[] frames, nint[] codes, params string[] texts)
            => Untouched(
                (int)frames.Aggregate((a, b) => a * b),
                memory => Refused.For<ArgumentException>(
                    parameter,
                    () => Sut.Decode(
                        new ReadOnlyTensorSpan<int>(new int[codes.Aggregate((a, b) => a * b)], codes, default),
                        new TensorSpan<float>(memory, frames, default)),
                    texts));
    }

    /// <summary>As the code of the second codebook, which has 5 codewords, in the last of many frames.</summary>
    private static void Refuses<TCode>(TCode code)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var codes = new TCode[300 * 3];
        codes[^2] = code;
        Untouched(300 * 12, frames => Refused.For<ArgumentOutOfRangeException>(
            "codes", () => Sut.Decode<TCode>(codes, frames), $"{code} at row 299, column 1", "5 codewords"));
        Untouched(300 * 12, frames => Refused.For<ArgumentOutOfRangeException>(
            "codes",
            () => Sut.Decode(
                new ReadOnlyTensorSpan<TCode>(codes, [3, 100, 3], default), new TensorSpan<float>(frames, [3, 100, 12], default)),
            $"{code} at row 299, column 1",
            "5 codewords"));
    }

    private static void Untouched(int length, Action<float[]> action)
    {
        var frames = new float[length];
        Array.Fill(frames, -77);
        action(frames);
        Assert.All(frames, value => Assert.Equal(-77, value));
    }
}
