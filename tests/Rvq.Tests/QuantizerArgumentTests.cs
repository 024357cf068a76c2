using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Rvq.Tests;

/// <summary>What a quantizer refuses, how it says so, and that it has written nothing then.</summary>
public sealed class QuantizerArgumentTests
{
    // 6 codebooks of 4 dimensions.
    private static readonly RvqModel Model = TestVectors.CreateModel("random", 9, 4, 6, 1, seed: 1).Model;
    private static readonly Quantizer Sut = new(Model);

    public static TheoryData<float, int> BadValues()
    {
        var data = new TheoryData<float, int>();
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (var frame in new[] { 0, 250, 499 })
            {
                data.Add(value, frame);
            }
        }

        return data;
    }

    [Fact]
    public void Constructor_NoModel_IsRefused() => Refused.For<ArgumentNullException>("model", () => _ = new Quantizer(null!));

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void Constructor_OptionsBelowOne_AreRefused(int value)
    {
        Refused.For<ArgumentOutOfRangeException>(
            "options", () => _ = new Quantizer(Model, new QuantizerOptions { BeamWidth = value }), $"{value}");
        Refused.For<ArgumentOutOfRangeException>(
            "options", () => _ = new Quantizer(Model, new QuantizerOptions { MaxDegreeOfParallelism = value }), $"{value}");
    }

    [Theory]
    [InlineData(40)]
    [InlineData(47)]
    [InlineData(49)]
    [InlineData(0)]
    public void Encode_CodesOfAnotherLength_AreRefused(int length)
        => Untouched<int>(length, codes => Refused.For<ArgumentException>(
            "codes", () => Sut.Encode<int>(new float[32], codes), $"codes has length {length}, but 8 frames of 6 codebooks need 48"));

    [Fact]
    public void Encode_FramesThatAreNoMultiple_AreRefused()
    {
        Untouched<int>(
            48, codes => Refused.For<ArgumentException>("frames", () => Sut.Encode<int>(new float[33], codes), "33", "4 dimensions"));
        Refused.For<ArgumentException>("frames", () => Sut.Encode(new float[31]), "31", "4 dimensions");
    }

    [Fact]
    public void Encode_PartOfABlock_IsRefused()
    {
        var snac = new Quantizer(new RvqModel(TestModels.Dac(new Random(1), 5, [2, 2, 2], 7, [4, 2, 1])));
        Untouched<int>(7, codes => Refused.For<ArgumentException>(
            "frames", () => snac.Encode<int>(new float[30], codes), "6 frames", "4 frames of a block"));
        Untouched<int>(
            8, codes => Refused.For<ArgumentException>("codes", () => snac.Encode<int>(new float[20], codes), "length 8", "4 frames", "7"));
        Untouched<int>(7, codes => Refused.For<ArgumentException>(
            "frames",
            () => snac.Encode(new ReadOnlyTensorSpan<float>(new float[30], [6, 5], default), new TensorSpan<int>(codes, [1, 7], default)),
            "6",
            "4"));
    }

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Encode_ValueThatIsNotFinite_IsRefusedWithItsPlace(float value, int frame)
    {
        var frames = new float[500 * 4];
        frames[(frame * 4) + 2] = value;
        Untouched<int>(3000, codes => Refused.For<ArgumentException>(
            "frames", () => Sut.Encode<int>(frames, codes), $"{value}", $"frame {frame}, dimension 2"));
        Untouched<int>(3000, codes => Refused.For<ArgumentException>(
            "frames",
            () => new Quantizer(Model, new QuantizerOptions { MaxDegreeOfParallelism = 2 }).Encode<int>(frames, codes),
            $"frame {frame}, dimension 2"));
        Refused.For<ArgumentException>("frames", () => Sut.Encode(frames), $"frame {frame}, dimension 2");
    }

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Encode_StridedValueThatIsNotFinite_IsRefusedWithItsPlace(float value, int frame)
    {
        // [2, D, T]: frames are counted over the whole batch.
        var frames = new float[2 * 4 * 250];
        frames[(frame / 250 * 1000) + (3 * 250) + (frame % 250)] = value;
        Untouched<int>(3000, codes => Refused.For<ArgumentException>(
            "frames",
            () => Sut.Encode(
                new ReadOnlyTensorSpan<float>(frames, [2, 250, 4], [1000, 1, 250]), new TensorSpan<int>(codes, [2, 250, 6], default)),
            $"{value}",
            $"frame {frame}, dimension 3"));
    }

    [Fact]
    public void Encode_NotFiniteBetweenStrides_IsNotLookedAt()
    {
        float[] frames = [1, float.NaN, 2, float.PositiveInfinity, 3, float.NaN, 4];
        var codes = new int[6];
        Sut.Encode(new ReadOnlyTensorSpan<float>(frames, [1, 4], [0, 2]), new TensorSpan<int>(codes, [1, 6], default));
        Assert.Equal(Oracle.Encode(Model, [1, 2, 3, 4]), codes);
    }

    [Fact]
    public void Encode_CodeTypeTooSmall_IsRefused()
    {
        RefusesType<byte>(257, "Byte");
        RefusesType<sbyte>(129, "SByte");
        RefusesType<short>(32769, "Int16");
        RefusesType<ushort>(65537, "UInt16");
        Accepts<byte>(256);
        Accepts<sbyte>(128);
        Accepts<short>(32768);
        Accepts<ushort>(65536);
    }

    [Fact]
    public void Encode_OverlappingBuffers_AreRefused()
    {
        // 8 frames of 4 values; 48 codes that begin at the frames' start, in their middle, at their last value.
        var memory = new float[32 + 48];
        foreach (var start in new[] { 0, 15, 31 })
        {
            Refused.For<ArgumentException>(
                "codes", () => Sut.Encode<int>(memory.AsSpan(0, 32), MemoryMarshal.Cast<float, int>(memory.AsSpan(start, 48))));
            Refused.For<ArgumentException>("codes", () => Sut.Encode(
                new ReadOnlyTensorSpan<float>(memory, [8, 4], default),
                new TensorSpan<int>(MemoryMarshal.Cast<float, int>(memory.AsSpan(start, 48)), [8, 6], default)));
        }

        Refused.For<ArgumentException>(
            "codes", () => Sut.Encode<int>(memory.AsSpan(47, 32), MemoryMarshal.Cast<float, int>(memory.AsSpan(0, 48))));
        Assert.All(memory, value => Assert.Equal(0, value));
        Sut.Encode<int>(memory.AsSpan(0, 32), MemoryMarshal.Cast<float, int>(memory.AsSpan(32)));
        Assert.Equal(Oracle.Encode(Model, new float[32]), MemoryMarshal.Cast<float, int>(memory.AsSpan(32)));
    }

    [Fact]
    public void Encode_ShapesThatDoNotFit_AreRefused()
    {
        Refuses("frames", [4], [6], "1 axes");
        Refuses("codes", [2, 3, 4], [6, 6], "2 axes", "3");
        Refuses("frames", [3, 5], [3, 6], "5", "4 dimensions");
        Refuses("codes", [3, 4], [3, 5], "5", "6 codes");
        Refuses("codes", [3, 4], [2, 6], "2", "3 frames need 3");
        Refuses("codes", [2, 3, 4], [1, 3, 6], "length 1 on axis 0", "frames has 2");
        Refuses("codes", [2, 1, 3, 4], [2, 2, 3, 6], "length 2 on axis 1", "frames has 1");
        Refuses("frames", [.. Enumerable.Repeat((nint)1, 16), 4], [.. Enumerable.Repeat((nint)1, 16), 6], "17 axes");

        static void Refuses(string parameter, nint[] frames, nint[] codes, params string[] texts)
            => Untouched<int>(
                (int)codes.Aggregate((a, b) => a * b),
                memory => Refused.For<ArgumentException>(
                    parameter,
                    () => Sut.Encode(
                        new ReadOnlyTensorSpan<float>(new float[frames.Aggregate((a, b) => a * b)], frames, default),
                        new TensorSpan<int>(memory, codes, default)),
                    texts));
    }

    private static void RefusesType<TCode>(int size, string type)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var quantizer = new Quantizer(new RvqModel(new Codebook([1], 1), new Codebook(new float[size], 1)));
        Untouched<TCode>(
            4, codes => Refused.For<ArgumentException>("codes", () => quantizer.Encode<TCode>(new float[2], codes), type, $"{size - 1}"));
        Untouched<TCode>(4, codes => Refused.For<ArgumentException>(
            "codes",
            () => quantizer.Encode(
                new ReadOnlyTensorSpan<float>(new float[2], [2, 1], default), new TensorSpan<TCode>(codes, [2, 2], default)),
            type,
            $"{size - 1}"));
    }

    private static void Accepts<TCode>(int size)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        // The last codeword is the nearest.
        var codewords = new float[size];
        codewords[^1] = 1;
        var codes = new TCode[1];
        var model = new RvqModel(new Codebook(codewords, 1));
        new Quantizer(model).Encode<TCode>([1], codes);
        Assert.Equal(size - 1, long.CreateChecked(codes[0]));
        var frame = new float[1];
        new Dequantizer(model).Decode<TCode>(codes, frame);
        Assert.Equal(1, frame[0]);
    }

    /// <summary>Runs the action with codes that hold a sentinel and sees that they still do.</summary>
    private static void Untouched<TCode>(int length, Action<TCode[]> action)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var codes = new TCode[length];
        Array.Fill(codes, TCode.CreateChecked(77));
        action(codes);
        Assert.All(codes, code => Assert.Equal(TCode.CreateChecked(77), code));
    }
}
