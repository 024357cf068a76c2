using System.Numerics.Tensors;
using Rvq.Streams;
using Rvq.Tokens;

namespace Rvq.Tests.Streams;

/// <summary>Once warm, the span methods allocate nothing, and a writer nothing for a frame.</summary>
public class AllocationTests
{
    [Fact]
    public void SpanMethods_Warm_AllocateNothing()
    {
        var codes = new int[46 * 7];
        var back = new int[codes.Length];
        var packets = new byte[23 * 7];
        var packed = new byte[FaissCodes.GetByteCount([10, 9, 10]) * 7];
        var snac = new SnacTokens([4, 2, 1]);
        var flat = new FlatTokens([1024, 1024]);
        var pattern = TokenPattern.Unroll([0, 1, 1]);
        var tokens = new int[pattern.GetStepCount(7) * 3];
        var dia = new int[DiaTokens.GetStepCount(7) * 9];
        var header = new RvqHeader([1024, 300]);
        using var reader = RvqReader.Open(new MemoryStream(RvqSamples.Stream(header, RvqSamples.Codes(header, 7, 2, 1))));
        var chunk = reader.ReadChunk()!;
        AssertNothing(() =>
        {
            LyraPackets.Pack(codes, 46, packets);
            LyraPackets.Unpack(packets, 46, back);
            FaissCodes.Pack(codes.AsSpan(0, 21), [10, 9, 10], packed);
            FaissCodes.Unpack(packed, [10, 9, 10], back.AsSpan(0, 21));
            snac.Arrange(codes.AsSpan(0, 49), back.AsSpan(0, 49));
            snac.Restore(back.AsSpan(0, 49), codes.AsSpan(0, 49));
            snac.TryRestore(back.AsSpan(0, 49), codes.AsSpan(0, 49), out _);
            flat.Arrange(codes.AsSpan(0, 14), back.AsSpan(0, 14));
            flat.Restore(back.AsSpan(0, 14), codes.AsSpan(0, 14));
            pattern.Arrange(codes.AsSpan(0, 21), tokens, 0);
            pattern.Restore(tokens, codes.AsSpan(0, 21), 0);
            DiaTokens.Arrange(codes.AsSpan(0, 63), dia);
            DiaTokens.Restore(dia, codes.AsSpan(0, 63));
            chunk.CopyTo(back.AsSpan(0, 14));
        });
    }

    [Fact]
    public void Views_Warm_AllocateNothing()
    {
        // Frames of 3 values and blocks of 4 frames, of which the last chunk ends early; the scratch memory goes back to where it came
        // from.
        var model = RvqSamples.Model([50, 60, 70], [4, 2, 1]);
        var header = new RvqHeader(model);
        var stream = new MemoryStream();
        using (var writer = new RvqWriter(stream, header, 8000))
        {
            writer.Write<int>(RvqSamples.Codes(header, 3000, 3, 1));
            writer.Complete(11998);
        }

        using var reader = RvqReader.Open(new MemoryStream(stream.ToArray()), model);
        var (whole, last) = (reader.ReadChunk()!, reader.ReadChunk()!);
        var (frames, codes) = (new float[8000 * 3], new int[2000 * 7]);
        using var target = new RvqWriter(Stream.Null, header);
        AssertNothing(() =>
        {
            reader.Decode(whole, new TensorSpan<float>(frames, [8000, 3], [1, 8000]));
            reader.Decode(last, new TensorSpan<float>(frames, [3998, 3], [1, 8000]));
            whole.CopyTo(new TensorSpan<int>(codes, [2000, 7], [1, 2000]));
            target.Write(new ReadOnlyTensorSpan<int>(codes, [2000, 7], [1, 2000]));
        });
    }

    [Fact]
    public void Write_FrameByFrame_AllocatesNothing()
    {
        var stream = new MemoryStream(1 << 20);
        using var writer = new RvqWriter(stream, new RvqHeader([1024, 1024, 1024, 1024]), 100);
        var frame = new int[4];
        AssertNothing(() =>
        {
            // Several chunks each time.
            for (var i = 0; i < 250; i++)
            {
                writer.Write(frame);
            }
        });
    }

    private static void AssertNothing(Action action)
    {
        action();
        action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
