using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;
using Rvq.Tests.Search;

namespace Rvq.Tests;

/// <summary>Nothing is read or written past the caller's spans: the first such access ends the test process.</summary>
public sealed class GuardPageTests
{
    private static readonly int[] Sizes = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65];

    [Fact]
    public void EncodeAndDecode_EverySizeBetweenGuardPages_StayInside()
    {
        foreach (var size in Sizes)
        {
            foreach (var dimensions in Sizes)
            {
                var (model, frames) = TestVectors.CreateModel("random", size, dimensions, 2, 15, seed: size + dimensions);
                AssertInside<int>(model, frames);
                AssertInside<byte>(model, frames.AsSpan(0, dimensions));
            }
        }
    }

    [Fact]
    public void EncodeAndDecode_EveryStructureBetweenGuardPages_StayInside()
    {
        foreach (var (model, _) in TestModels.All())
        {
            AssertInside<long>(model, TestVectors.Normal(new Random(4), 3 * model.FramesPerBlock * model.Dimensions));
            AssertInside<ushort>(model, TestVectors.Normal(new Random(5), model.FramesPerBlock * model.Dimensions));
        }
    }

    [Fact]
    public void Decode_ProjectionsOfEightBetweenGuardPages_StayInside()
    {
        foreach (var dimensions in new[] { 8, 16, 24, 40, 64, 72, 80, 136 })
        {
            // Without tables, every remainder of a tile of frames, and more frames than one pass takes.
            var stack = TestModels.Dac(new Random(dimensions), dimensions, [8, 8, 8], 16, [1, 1, 1]);
            var model = new RvqModel([stack]);
            foreach (var count in new[] { 1, 2, 3, 4, 5, 6, 7, 47, 50, 97 })
            {
                var codes = Oracle.Encode(model, TestVectors.Normal(new Random(count), count * dimensions));
                var expected = Oracle.Decode(model, codes);
                foreach (var kernel in TestKernels.Supported)
                {
                    var dequantizer = TestKernels.Dequantizer(model, kernel, mostTabulatedValues: 0);
                    foreach (var atEnd in GuardCases.Ends)
                    {
                        using var output = new GuardedBuffer<float>(expected.Length, atEnd);
                        dequantizer.Decode<int>(codes, output.Span);
                        CodesAssert.SameBits(expected, output.Span, $"{kernel.Name}, D = {dimensions}, T = {count}");
                    }
                }
            }
        }
    }

    [Fact]
    public void EncodeAndDecode_StridedViewsBetweenGuardPages_StayInside()
    {
        foreach (var dimensions in Sizes)
        {
            // Channels first: the last element of the view is the last of the memory, and so is the first.
            const int Count = 13;
            var (model, frames) = TestVectors.CreateModel("random", 33, dimensions, 3, Count, seed: dimensions);
            var expected = Oracle.Encode(model, frames);
            nint[] frameStrides = [1, dimensions == 1 ? 0 : Count];
            foreach (var kernel in TestKernels.Supported)
            {
                foreach (var atEnd in GuardCases.Ends)
                {
                    using var input = new GuardedBuffer<float>(frames.Length, atEnd);
                    using var codes = new GuardedBuffer<int>(expected.Length, atEnd);
                    using var output = new GuardedBuffer<float>(frames.Length, atEnd);
                    for (var i = 0; i < frames.Length; i++)
                    {
                        input.Span[(i % dimensions * Count) + (i / dimensions)] = frames[i];
                    }

                    var columns = new TensorSpan<int>(codes.Span, [Count, 3], [1, Count]);
                    nint[] shape = [Count, dimensions];
                    var (quantizer, dequantizer) = (TestKernels.Quantizer(model, kernel), TestKernels.Dequantizer(model, kernel));
                    quantizer.Encode(new ReadOnlyTensorSpan<float>(input.Span, shape, frameStrides), columns);
                    dequantizer.Decode<int>(columns, new TensorSpan<float>(output.Span, shape, frameStrides));
                    for (var i = 0; i < expected.Length; i++)
                    {
                        Assert.Equal(expected[i], codes.Span[(i % 3 * Count) + (i / 3)]);
                    }

                    var decoded = Oracle.Decode(model, expected);
                    for (var i = 0; i < frames.Length; i++)
                    {
                        Assert.Equal(decoded[i], output.Span[(i % dimensions * Count) + (i / dimensions)]);
                    }
                }
            }
        }
    }

    private static void AssertInside<TCode>(RvqModel model, ReadOnlySpan<float> frames)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var expected = Oracle.Encode(model, frames);
        var decoded = Oracle.Decode(model, expected);
        var expectedCodes = Array.ConvertAll(expected, TCode.CreateChecked);
        foreach (var kernel in TestKernels.Supported)
        {
            var (quantizer, dequantizer) = (TestKernels.Quantizer(model, kernel), TestKernels.Dequantizer(model, kernel));
            foreach (var atEnd in GuardCases.Ends)
            {
                using var input = new GuardedBuffer<float>(frames, atEnd);
                using var codes = new GuardedBuffer<TCode>(expected.Length, atEnd);
                using var output = new GuardedBuffer<float>(frames.Length, atEnd);
                quantizer.Encode<TCode>(input.Span, codes.Span);
                var what = $"{kernel.Name}, D = {model.Dimensions}, K = {model.Stages[0].Codebook.Size}";
                Assert.True(codes.Span.SequenceEqual(expectedCodes), what);
                dequantizer.Decode<TCode>(codes.Span, output.Span);
                Assert.Equal(decoded, output.Span);
            }
        }
    }
}
