using System.Numerics.Tensors;

namespace Rvq.Tests.Search;

/// <summary>All kernels against the oracle on random models made to break them.</summary>
public class TortureTests
{
    private const int Count = 300;

    [Fact]
    public void Encode_RandomModels_EqualsOracle() => EncodeEqualsOracle(models => models.Create(), 1);

    [Fact]
    public void Encode_SmallStacks_EqualsOracle() => EncodeEqualsOracle(models => models.CreateSmallStack(), 4);

    [Fact]
    public void Encode_FewDimensions_EqualsOracle() => EncodeEqualsOracle(models => models.CreateFewDimensions(), 4);

    [Fact]
    public void Encode_WideProjections_EqualsOracle() => EncodeEqualsOracle(models => models.CreateWide(), 20);

    [Fact]
    public void Encode_RandomStrides_EqualsContiguous()
    {
        foreach (var seed in TortureModels.Seeds(Count, 3))
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
                Assert.True(expected[i % expected.Length] == code, $"seed {seed}, {TortureModels.Describe(model)}, code {i}");
                code = -7;
            }

            Assert.All(codes, code => Assert.Equal(-7, code));
        }
    }

    private static void EncodeEqualsOracle(Func<TortureModels, (RvqModel Model, float[] Frames)> create, int step)
    {
        foreach (var seed in TortureModels.Seeds(Count, step))
        {
            var (model, frames) = create(new TortureModels(seed));
            model = model.Take(Math.Max(1, model.CodebookCount - (seed % 3)));
            var expected = Oracle.Encode(model, frames);
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var (how, actual) in TestKernels.Encode(model, kernel, frames))
                {
                    CodesAssert.Equal(expected, actual, $"seed {seed}, {kernel.Name} {how}, {TortureModels.Describe(model)}");
                }
            }
        }
    }

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
