using System.Numerics.Tensors;
using Rvq.Search;

namespace Rvq.Tests.Search;

/// <summary>All kernels against the oracle on random models made to break them.</summary>
public class TortureTests
{
    // RVQ_TORTURE=first,count tries as many models as are wanted.
    private static readonly int[] Seeds = Array.ConvertAll((Environment.GetEnvironmentVariable("RVQ_TORTURE") ?? "0,300").Split(','), int.Parse);

    [Fact]
    public void Encode_RandomModels_EqualsOracle() => EncodeEqualsOracle(models => models.Create(), 1);

    [Fact]
    public void Encode_SmallStacks_EqualsOracle() => EncodeEqualsOracle(models => models.CreateSmallStack(), 4);

    [Fact]
    public void Encode_FewDimensions_EqualsOracle() => EncodeEqualsOracle(models => models.CreateFewDimensions(), 4);

    [Fact]
    public void Encode_WideProjections_EqualsOracle() => EncodeEqualsOracle(models => models.CreateWide(), 20);

    [Fact]
    public void Decode_RandomModels_EqualsOracle() => DecodeEqualsOracle(models => models.Create(), 3);

    [Fact]
    public void Decode_WideProjections_EqualsOracle() => DecodeEqualsOracle(models => models.CreateWide(), 20);

    private static void EncodeEqualsOracle(Func<TortureModels, (RvqModel Model, float[] Frames)> create, int step)
    {
        var failures = new List<string>();
        for (var seed = Seeds[0]; seed < Seeds[0] + Seeds[1]; seed += step)
        {
            var (model, frames) = create(new TortureModels(seed));
            model = model.Take(Math.Max(1, model.CodebookCount - (seed % 3)));
            var expected = Oracle.Encode(model, frames);
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var (how, actual) in TestKernels.Encode(model, kernel, frames))
                {
                    if (expected.AsSpan().CommonPrefixLength(actual) is var same && same < expected.Length)
                    {
                        failures.Add($"seed {seed}, {kernel.Name} {how}, {Describe(model)}: code {same} of {expected.Length} is {actual[same]}, the oracle has {expected[same]}");
                    }
                }
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} failures\n{string.Join('\n', failures.Take(40))}");
    }

    private static void DecodeEqualsOracle(Func<TortureModels, (RvqModel Model, float[] Frames)> create, int step)
    {
        for (var seed = Seeds[0]; seed < Seeds[0] + Seeds[1]; seed += step)
        {
            var (model, frames) = create(new TortureModels(seed));
            var codes = new Quantizer(model).Encode(frames);
            var expected = Oracle.Decode(model, codes);
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var mostTabulatedValues in new[] { 0, 4000, FrameDecoder.MostTabulatedValues })
                {
                    var actual = new Dequantizer(model, kernel, mostTabulatedValues).Decode(codes);
                    var same = expected.Zip(actual, (a, b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b));
                    Assert.True(same.All(equal => equal), $"seed {seed}, {kernel.Name}, {Describe(model)}");
                }
            }
        }
    }

    [Fact]
    public void Encode_RandomStrides_EqualsContiguous()
    {
        for (var seed = Seeds[0]; seed < Seeds[0] + Seeds[1]; seed += 3)
        {
            var random = new Random(seed);
            var (model, frames) = new TortureModels(seed).Create();
            var (count, blocks) = (frames.Length / model.Dimensions, frames.Length / model.Dimensions / model.FramesPerBlock);
            var expected = new Quantizer(model).Encode(frames);

            // [A, T, D] in any order of the axes and with gaps, every batch the same frames.
            var batch = 1 + random.Next(3);
            var (frameStrides, frameLength) = Strides(random, batch, count, model.Dimensions);
            var (codeStrides, codeLength) = Strides(random, batch, blocks, model.CodesPerBlock);
            var source = new float[frameLength];
            var codes = new long[codeLength];
            Array.Fill(source, float.NaN);
            Array.Fill(codes, -7);
            for (var i = 0; i < batch * frames.Length; i++)
            {
                source[At(frameStrides, count, model.Dimensions, i)] = frames[i % frames.Length];
            }

            new Quantizer(model).Encode(
                new ReadOnlyTensorSpan<float>(source, [batch, count, model.Dimensions], frameStrides),
                new TensorSpan<long>(codes, [batch, blocks, model.CodesPerBlock], codeStrides));
            for (var i = 0; i < batch * expected.Length; i++)
            {
                ref var code = ref codes[At(codeStrides, blocks, model.CodesPerBlock, i)];
                Assert.True(expected[i % expected.Length] == code, $"seed {seed}, {Describe(model)}, code {i}");
                code = -7;
            }

            Assert.All(codes, code => Assert.Equal(-7, code));
        }
    }

    private static string Describe(RvqModel model)
        => string.Join(" | ", model.Stacks.ToArray().Select(stack =>
            $"{stack.InputProjection?.Inputs}>{string.Join(' ', stack.Stages.ToArray().Select(stage => $"{stage.Codebook.Size}x{stage.Codebook.Dimensions}{"ecpn"[(int)stage.Metric]}{(stage.InputProjection is null ? "" : "i")}{(stage.OutputProjection is null ? "" : "o")}/{stage.Stride}"))}"));

    private static (nint[] Strides, int Length) Strides(Random random, params int[] lengths)
    {
        var order = Enumerable.Range(0, lengths.Length).ToArray();
        random.Shuffle(order);
        var (strides, next) = (new nint[lengths.Length], 1 + random.Next(2));
        foreach (var axis in order)
        {
            strides[axis] = lengths[axis] == 1 ? 0 : next;
            next = (next * lengths[axis]) + random.Next(3);
        }

        return (strides, next + 2);
    }

    private static int At(nint[] strides, int rows, int length, int index)
        => (int)((index / length / rows * strides[0]) + (index / length % rows * strides[1]) + (index % length * strides[2]));
}
