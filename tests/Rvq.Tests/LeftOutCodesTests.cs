using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;
using Rvq.Tests.Search;
using Rvq.Training;

namespace Rvq.Tests;

/// <summary>A code of −1 stands for a codebook that was left out: it adds nothing.</summary>
public sealed class LeftOutCodesTests
{
    [Fact]
    public void Decode_EveryStructureAndKernel_AddsTheOthersOnly()
    {
        foreach (var (model, name) in TestModels.All())
        {
            var random = new Random(4);
            var codes = new int[60 * model.CodesPerBlock];
            for (var i = 0; i < codes.Length; i++)
            {
                codes[i] = random.Next(3) == 0 ? -1 : random.Next(5);
            }

            codes.AsSpan(0, model.CodesPerBlock).Fill(-1);
            var expected = Oracle.Decode(model, codes);
            foreach (var kernel in TestKernels.Supported)
            {
                // With tables of projected codewords, and without.
                foreach (var tabulated in new[] { FrameDecoder.MostTabulatedValues, 0 })
                {
                    var dequantizer = TestKernels.Dequantizer(model, kernel, tabulated);
                    AssertBits(expected, dequantizer.Decode(codes), name);
                    AssertBits(expected, Decode<long>(dequantizer, codes), name);
                    AssertBits(expected, Decode<sbyte>(dequantizer, codes), name);
                    AssertBits(expected, Decode<Int128>(dequantizer, codes), name);
                    AssertBits(expected, dequantizer.Decode(new ReadOnlyTensorSpan<int>(codes, [60, model.CodesPerBlock])), name);
                }
            }
        }
    }

    [Fact]
    public void Decode_NothingFromSomeCodebookOn_EqualsTake()
    {
        // Within one stack, so DAC and the plain models.
        foreach (var (model, name) in TestModels.All().Where(pair => pair.Model.Stacks.Length == 1 && pair.Model.FramesPerBlock == 1))
        {
            var codes = new Quantizer(model).Encode(TestVectors.Normal(new Random(2), 9 * model.Dimensions));
            var n = model.CodebookCount;
            for (var kept = 1; kept < n; kept++)
            {
                int[] rest = [.. codes.Select((code, i) => i % n < kept ? code : -1)];
                int[] first = [.. codes.Where((_, i) => i % n < kept)];
                AssertBits(new Dequantizer(model.Take(kept)).Decode(first), new Dequantizer(model).Decode(rest), name);
            }
        }
    }

    [Fact]
    public void Decode_RaggedBatch_IsTheReportsExpectation()
    {
        Codebook[] codebooks = [new([1f, 2, 3, 4], 2), new([10f, 20, 30, 40], 2), new([100f, 200, 300, 400], 2)];
        var decoded = new Dequantizer(new RvqModel(codebooks)).Decode([0, 0, 1, 0, -1, -1, -1, -1, -1]);
        Assert.Equal([1f + 10 + 300, 2 + 20 + 400, 1, 2, 0, 0], decoded);
    }

    [Fact]
    public void Decode_TrainersDroppedCodes_EqualItsQuantizedFrames()
    {
        var trainer = new EmaTrainer(2, new EmaTrainerOptions { CodebookCount = 3, CodebookSize = 4, QuantizerDropout = 1, Seed = 3 });
        var random = new Random(1);
        float[] frames = [.. Enumerable.Range(0, 32).Select(_ => (float)random.NextDouble())];
        var (quantized, codes, dropped) = (new float[32], new int[48], 0);
        RvqModel? model = null;
        for (var step = 0; step < 20; step++)
        {
            trainer.Step(frames, quantized, codes);
            if (model is not null && codes.Contains(-1))
            {
                dropped++;
                AssertBits(quantized, new Dequantizer(model).Decode(codes), "trainer");
                var last = codes.Chunk(3).Count(frame => frame[2] >= 0);
                Assert.Equal(last, CodebookStatistics.CountCodes<int>(model, codes, 2).Sum());
            }

            // Codes are those of the codebooks before the step.
            model = trainer.ToModel();
        }

        Assert.True(dropped > 3);
    }

    [Fact]
    public void Decode_UnsignedTypes_HaveNoMinusOne()
    {
        var dequantizer = new Dequantizer(new RvqModel(new Codebook([1f, 2, 3, 4], 2)));
        var frames = new float[2];
        Refused.For<ArgumentOutOfRangeException>("codes", () => dequantizer.Decode<byte>([255], frames), "255", "2 codewords");
        Refused.For<ArgumentOutOfRangeException>("codes", () => dequantizer.Decode<uint>([uint.MaxValue], frames), "4294967295");
        Refused.For<ArgumentOutOfRangeException>("codes", () => dequantizer.Decode<ulong>([ulong.MaxValue], frames));
        Refused.For<ArgumentOutOfRangeException>("codes", () => dequantizer.Decode<UInt128>([UInt128.MaxValue], frames));
    }

    [Fact]
    public void CountCodes_LeftOut_AreNotCounted()
    {
        var model = new RvqModel(new Codebook([1f, 2, 3], 1), new Codebook([1f, 2], 1));
        Assert.Equal([1L, 0, 1], CodebookStatistics.CountCodes<int>(model, [0, 1, -1, -1, 2, -1], 0));
        Assert.Equal([0L, 1], CodebookStatistics.CountCodes<sbyte>(model, [0, 1, -1, -1, 2, -1], 1));
        Refused.For<ArgumentOutOfRangeException>("codes", () => CodebookStatistics.CountCodes<int>(model, [0, 1, -2, 0], 0), "-2");
        Refused.For<ArgumentOutOfRangeException>(
            "codes", () => CodebookStatistics.CountCodes<uint>(model, [0, 1, uint.MaxValue, 0], 0), "4294967295");
    }

    private static float[] Decode<TCode>(Dequantizer dequantizer, int[] codes)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var model = dequantizer.Model;
        var frames = new float[codes.Length / model.CodesPerBlock * model.FramesPerBlock * model.Dimensions];
        dequantizer.Decode<TCode>(Array.ConvertAll(codes, TCode.CreateChecked), frames);
        return frames;
    }

    private static void AssertBits(float[] expected, float[] actual, string name)
    {
        // 0 and −0 are one value.
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(expected[i] == actual[i], $"{name}: {expected[i]:r} at {i}, but {actual[i]:r}");
        }
    }
}
