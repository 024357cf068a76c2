using System.Numerics;
using System.Numerics.Tensors;
using Rvq.Search;
using Rvq.Tests.Search;

namespace Rvq.Tests;

/// <summary>Once warm, the span and tensor overloads allocate nothing: no byte, whatever the model, the kernel and the code type.</summary>
[Collection(Alone.Name)]
public sealed class AllocationTests
{
    [Fact]
    public void EncodeAndDecode_EveryStructureAndCodeType_AllocateNothing()
    {
        var models = TestModels.All().Append((TestVectors.CreateModel("near-ties", 200, 64, 3, 1, seed: 1).Model, "plain and large"));
        foreach (var (model, name) in models)
        {
            foreach (var kernel in TestKernels.Supported)
            {
                AssertNothing<int>(model, kernel, name);
            }

            AssertNothing<long>(model, TestKernels.Best, name);
            AssertNothing<ushort>(model, TestKernels.Best, name);
            AssertNothing<byte>(model, TestKernels.Best, name);
        }
    }

    private static void AssertNothing<TCode>(RvqModel model, Kernel kernel, string name)
        where TCode : unmanaged, IBinaryInteger<TCode>
    {
        var blocks = (250 / model.FramesPerBlock) + 1;
        // More than one pass of frames.
        var count = blocks * model.FramesPerBlock;
        var frames = TestVectors.Normal(new Random(2), count * model.Dimensions);
        var codes = new TCode[blocks * model.CodesPerBlock];
        var (quantizer, dequantizer) = (TestKernels.Quantizer(model, kernel), TestKernels.Dequantizer(model, kernel));
        var frameView = new TensorSpan<float>(frames, [count, model.Dimensions], [1, count]);
        var codeView = new TensorSpan<TCode>(codes, [blocks, model.CodesPerBlock], [1, blocks]);
        var errors = new float[blocks];
        var halves = Array.ConvertAll(frames, value => (Half)value);

        // A collection in the background closes the thread's allocation area, and the unused rest of it, up to 8 KB, counts as allocated.
        // What a call allocates itself is there in every call, so one call without a byte shows that it allocates none.
        var allocated = long.MaxValue;
        for (var call = 0; call < 8 && allocated != 0; call++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            quantizer.Encode<TCode>(frames, codes);
            dequantizer.Decode<TCode>(codes, frames);
            quantizer.Encode<TCode>(frameView, codeView);
            dequantizer.Decode<TCode>(codeView, frameView);
            quantizer.Encode<TCode>(halves, codes);
            quantizer.EncodeBest<TCode>(frames, 1, codes, errors);
            quantizer.Encode(
                Layouts.ChannelsFirst(halves, 1, model.Dimensions, count), Layouts.CodebooksFirst(codes, model.CodesPerBlock, 1, blocks));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.True(allocated == 0, $"{name}, {kernel.Name}, {typeof(TCode).Name}: {allocated} bytes in every call");
    }
}
