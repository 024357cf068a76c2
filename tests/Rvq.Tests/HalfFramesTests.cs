using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Rvq.Tests.Search;

namespace Rvq.Tests;

/// <summary>Frames in float16 give the codes of the frames converted to float32.</summary>
public sealed class HalfFramesTests
{
    [Fact]
    public void Encode_EveryStructureAndKernel_EqualsConvertedFrames()
    {
        foreach (var (model, name) in TestModels.All())
        {
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var blocks in new[] { 0, 1, 2, 100 })
                {
                    var count = blocks * model.FramesPerBlock;
                    var halves = Halves(count * model.Dimensions);
                    var quantizer = TestKernels.Quantizer(model, kernel);
                    var expected = quantizer.Encode(Array.ConvertAll(halves, half => (float)half));
                    var codes = new ushort[expected.Length];
                    quantizer.Encode<ushort>(halves, codes);
                    Assert.Equal(expected, codes.Select(code => (int)code));

                    var transposed = new Half[halves.Length];                     // [D, T]
                    for (var i = 0; i < halves.Length; i++)
                    {
                        transposed[(i % model.Dimensions * count) + (i / model.Dimensions)] = halves[i];
                    }

                    var strided = new long[expected.Length];
                    var perBlock = model.CodesPerBlock;
                    quantizer.Encode(
                        Layouts.ChannelsFirst(transposed, model.Dimensions, count), Layouts.ChannelsFirst(strided, perBlock, blocks));
                    var rows = Enumerable.Range(0, expected.Length).Select(i => (int)strided[(i % perBlock * blocks) + (i / perBlock)]);
                    CodesAssert.Equal(expected, rows.ToArray(), $"{kernel.Name}, {name}, {blocks} blocks");
                }
            }
        }
    }

    [Fact]
    public void Encode_EveryFiniteHalf_IsItself()
    {
        // Codebooks of one dimension: the residual after a codeword of 0 is the value, which is among 65,536 codewords itself.
        var all = Enumerable.Range(0, 65536).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits));
        var values = all.Where(Half.IsFinite).Distinct().ToArray();
        var model = new RvqModel(new Codebook(Array.ConvertAll(values, value => (float)value), 1));
        var codes = new int[values.Length];
        new Quantizer(model).Encode<int>(values, codes);
        Assert.Equal(Enumerable.Range(0, values.Length), codes);
    }

    [Fact]
    public void Encode_SeveralThreads_EqualsOne()
    {
        var (model, _) = TestModels.All().First();
        var halves = Halves(1000 * model.Dimensions);
        var (one, four) = (new int[3000], new int[3000]);
        new Quantizer(model).Encode<int>(halves, one);
        new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = 4 }).Encode<int>(halves, four);
        Assert.Equal(one, four);
    }

    [Fact]
    public void Encode_WrongFrames_AreRefusedAndNothingIsWritten()
    {
        var (model, _) = TestModels.All().First();
        var quantizer = new Quantizer(model);
        foreach (var bad in new[] { Half.NaN, Half.PositiveInfinity, Half.NegativeInfinity })
        {
            var halves = Halves(300 * model.Dimensions);
            halves[(250 * model.Dimensions) + 7] = bad;
            Untouched(900, codes => Refused.For<ArgumentException>(
                "frames", () => quantizer.Encode<int>(halves, codes), "frame 250, dimension 7"));
            Untouched(900, codes => Refused.For<ArgumentException>(
                "frames",
                () => quantizer.Encode(new ReadOnlyTensorSpan<Half>(halves, [300, model.Dimensions]), new TensorSpan<int>(codes, [300, 3])),
                "frame 250, dimension 7"));
        }

        Untouched(3, codes => Refused.For<ArgumentException>(
            "frames", () => quantizer.Encode<int>(new Half[13], codes), "13", "12 dimensions"));
        Untouched(3, codes => Refused.For<ArgumentException>(
            "codes", () => quantizer.Encode<int>(new Half[24], codes), "codes has length 3", "need 6"));
        var large = new Quantizer(new RvqModel(new Codebook(new float[300], 1)));
        Refused.For<ArgumentException>("codes", () => large.Encode<byte>(new Half[1], new byte[1]), "Byte", "299");
        var memory = new Half[24];
        Refused.For<ArgumentException>(
            "codes", () => quantizer.Encode(memory.AsSpan(0, 12), MemoryMarshal.Cast<Half, short>(memory.AsSpan(10, 3))), "overlaps");
        Refused.For<ArgumentException>(
            "codes",
            () => quantizer.Encode(
                new ReadOnlyTensorSpan<Half>(memory.AsSpan(0, 12), [1, 12]),
                new TensorSpan<short>(MemoryMarshal.Cast<Half, short>(memory.AsSpan(10, 3)), [1, 3])),
            "overlaps");
    }

    private static Half[] Halves(int length) => Array.ConvertAll(TestVectors.Normal(new Random(length), length), value => (Half)value);

    private static void Untouched(int length, Action<int[]> action)
    {
        var codes = new int[length];
        Array.Fill(codes, -77);
        action(codes);
        Assert.All(codes, code => Assert.Equal(-77, code));
    }
}
