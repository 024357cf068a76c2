using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Rvq.Tests;

/// <summary>What a server does to a quantizer, and calls larger than a span can be.</summary>
[Collection(Alone.Name)]
public sealed class LoadTests(ITestOutputHelper output)
{
    // The ordinary suite takes a glance; RVQ_LOAD_SECONDS=60 is the real thing.
    private static readonly double Seconds = double.Parse(
        Environment.GetEnvironmentVariable("RVQ_LOAD_SECONDS") ?? "2", CultureInfo.InvariantCulture);

    [Fact]
    public void Encode_64ThreadsOfMixedSizes_SameCodesAndNoGrowth()
    {
        var (model, frames) = TestVectors.CreateModel("near-ties", 200, 64, 4, 500, seed: 8);
        var quantizer = new Quantizer(model);
        var expected = quantizer.Encode(frames);
        var until = DateTime.UtcNow.AddSeconds(Seconds);
        var (calls, early) = (0L, 0L);
        var threads = Enumerable.Range(0, 64).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            var codes = new int[expected.Length];
            while (DateTime.UtcNow < until)
            {
                var count = random.Next(4) == 0 ? random.Next(501) : random.Next(8);
                var first = random.Next(501 - count);
                quantizer.Encode<int>(frames.AsSpan(first * 64, count * 64), codes.AsSpan(0, count * 4));
                Assert.True(expected.AsSpan(first * 4, count * 4).SequenceEqual(codes.AsSpan(0, count * 4)));
                if (Interlocked.Increment(ref calls) == 20_000)
                {
                    Volatile.Write(ref early, GC.GetTotalMemory(true));
                }
            }
        })).ToArray();
        Exception? failure = null;
        AppDomain.CurrentDomain.UnhandledException += (_, e) => failure = (Exception)e.ExceptionObject;
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Null(failure);
        var late = GC.GetTotalMemory(true);
        output.WriteLine($"{calls} calls in {Seconds} s; {early / 1024} KB after 20,000 of them, {late / 1024} KB at the end");
        Assert.True(early == 0 || late < early + (4 << 20), $"memory grew from {early} to {late} bytes");
    }

    [Fact]
    public unsafe void Encode_MoreThan2To31Codes_Works()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("RVQ_HUGE") == "1", "Needs RVQ_HUGE=1, 2 GB of memory and about half a minute.");
        const int Codebooks = 16;
        nint count = (1 << 27) + 1;
        var model = new RvqModel([.. Enumerable.Range(0, Codebooks).Select(m => new Codebook([-1f / (1 << m), 1f / (1 << m)], 1))]);
        float[] frame = [0.3f];
        var expected = Oracle.Encode(model, frame);
        var length = count * Codebooks;
        var memory = (byte*)NativeMemory.Alloc((nuint)length);
        try
        {
            new Span<byte>(memory, int.MaxValue).Fill(255);
            new Quantizer(model, new QuantizerOptions { MaxDegreeOfParallelism = 2 }).Encode(
                new ReadOnlyTensorSpan<float>(frame, [count, 1], [0, 0]),
                new TensorSpan<byte>(memory, length, [count, Codebooks], [Codebooks, 1]));
            for (nint t = 0; t < count; t += 1 + (t % 97))
            {
                for (var m = 0; m < Codebooks; m++)
                {
                    Assert.True(memory[(t * Codebooks) + m] == expected[m], $"frame {t}, codebook {m}");
                }
            }

            Assert.Equal(expected[^1], memory[length - 1]);
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }
}
