using Rvq.Tests.Search;

namespace Rvq.Tests;

/// <summary>One quantizer and one dequantizer serve any number of threads.</summary>
[Collection(Alone.Name)]
public sealed class ThreadingTests
{
    private const int Frames = 700;

    [Theory]
    [MemberData(nameof(TestKernels.Names), MemberType = typeof(TestKernels))]
    public void EncodeAndDecode_ManyThreadsWithMixedSizes_GiveTheCodesOfOneThread(string name)
    {
        var kernel = TestKernels.Get(name);
        foreach (var model in Models())
        {
            var frames = Input(model);
            var (quantizer, dequantizer) = (TestKernels.Quantizer(model, kernel), TestKernels.Dequantizer(model, kernel));
            var codes = quantizer.Encode(frames);
            var decoded = dequantizer.Decode(codes);
            var blocks = codes.Length / model.CodesPerBlock;
            OnThreads(8, thread =>
            {
                var random = new Random(thread);
                for (var call = 0; call < 12; call++)
                {
                    var first = random.Next(blocks);
                    var count = call % 3 == 0 ? 1 : random.Next(blocks - first + 1);
                    var (start, length) = (first * model.CodesPerBlock, count * model.CodesPerBlock);
                    var size = model.FramesPerBlock * model.Dimensions;
                    var some = quantizer.Encode(frames.AsSpan(first * size, count * size));
                    Assert.True(some.AsSpan().SequenceEqual(codes.AsSpan(start, length)));
                    Assert.True(dequantizer.Decode(some).AsSpan().SequenceEqual(decoded.AsSpan(first * size, count * size)));
                }
            });
        }
    }

    [Fact]
    public void Encode_AnyDegreeOfParallelism_GivesTheSameCodes()
    {
        foreach (var model in Models())
        {
            var frames = Input(model);
            var expected = Oracle.Encode(model, frames);
            for (var degree = 1; degree <= 4; degree++)
            {
                var quantizer = new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = degree });
                Assert.Equal(expected, quantizer.Encode(frames));
                OnThreads(3, _ => Assert.Equal(expected, quantizer.Encode(frames)));
            }
        }
    }

    [Fact]
    public void Encode_ManyThreads_DoesNotKeepMemory()
    {
        var (model, frames) = TestVectors.CreateModel("random", 64, 16, 3, 200, seed: 1);
        var (quantizer, dequantizer) = (new Quantizer(model), new Dequantizer(model));
        Round();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 0; round < 20; round++)
        {
            Round();
        }

        // One scratch of this model is above 30 KB: one kept in each round would be 600 KB.
        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(growth, long.MinValue, 300_000);
        GC.KeepAlive(quantizer);
        GC.KeepAlive(dequantizer);

        void Round() => OnThreads(6, _ => dequantizer.Decode(quantizer.Encode(frames)));
    }

    private static IEnumerable<RvqModel> Models()
        => TestModels.All().Where(model => model.Name is "DAC" or "SNAC" or "Mimi").Select(model => model.Model)
            .Append(TestVectors.CreateModel("near-ties", 100, 33, 3, 1, seed: 1).Model);

    private static float[] Input(RvqModel model)
        => TestVectors.Normal(new Random(6), Frames / model.FramesPerBlock * model.FramesPerBlock * model.Dimensions);

    /// <summary>Runs the work on threads that start together, and hands on what fails in one of them.</summary>
    private static void OnThreads(int count, Action<int> work)
    {
        using var barrier = new Barrier(count);
        var failures = new Exception?[count];
        var threads = Enumerable.Range(0, count).Select(index => new Thread(() =>
        {
            barrier.SignalAndWait();
            try
            {
                work(index);
            }
            catch (Exception failure)
            {
                failures[index] = failure;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Null(failures.FirstOrDefault(failure => failure is not null));
    }
}
