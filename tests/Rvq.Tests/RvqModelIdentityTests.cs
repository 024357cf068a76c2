namespace Rvq.Tests;

/// <summary>Bits, bit rates, fingerprints and what a model calls itself.</summary>
public sealed class RvqModelIdentityTests
{
    [Fact]
    public void BitsPerCode_PlainAndStrided_IsOnePerCodeOfABlock()
    {
        Assert.Equal([0, 1, 7, 9], new RvqModel(Sized(1), Sized(2), Sized(100), Sized(300)).BitsPerCode.ToArray());
        Assert.Equal([12, 12, 12, 10, 10, 10, 10], Strided((4096, 4), (4096, 2), (1024, 1)).BitsPerCode.ToArray());
        Assert.Equal([0, 1], new RvqModel(Sized(1), Sized(2), Sized(100)).Take(2).BitsPerCode.ToArray());
    }

    [Theory]
    [InlineData(8, 1024, 24000, 320, 6.0)]      // EnCodec 24 kHz at 6 kbit/s
    [InlineData(8, 2048, 24000, 1920, 1.1)]     // Mimi
    [InlineData(9, 1024, 44100, 512, 7.751953125)] // DAC 44 kHz
    [InlineData(46, 16, 16000, 320, 9.2)]       // Lyra
    public void Bitrate_PublishedCodecs_IsTheirs(int codebooks, int size, int sampleRate, int hop, double bitrate)
    {
        var model = new RvqModel([.. Enumerable.Repeat(Sized(size), codebooks)]) { SampleRate = sampleRate, HopLength = hop };
        Assert.Equal(bitrate, model.Bitrate!.Value, 12);
    }

    [Fact]
    public void Bitrate_Snac_CountsItsStrides()
    {
        var snac = new RvqModel(Strided((4096, 4), (4096, 2), (4096, 1)).Stacks) { SampleRate = 24000, HopLength = 512 };
        Assert.Equal(0.984375, snac.Bitrate);
        Assert.Null(new RvqModel(snac.Stacks).Bitrate);
    }

    [Fact]
    public void Fingerprint_SameValues_IsOneAndOthersAreOthers()
    {
        var random = new Random(3);
        var (a, b) = (TestVectors.Normal(random, 24), TestVectors.Normal(random, 24));
        var model = new RvqModel(new Codebook(a, 3), new Codebook(b, 3));
        Assert.Equal(
            model.Fingerprint, new RvqModel(new Codebook(a, 3), new Codebook(b, 3)) { Family = "other", SampleRate = 1 }.Fingerprint);
        Assert.Equal(model.Fingerprint, new Rvq.Streams.RvqHeader(model).Fingerprint);
        Assert.NotEqual(model.Fingerprint, new RvqModel(new Codebook(b, 3), new Codebook(a, 3)).Fingerprint);
        Assert.NotEqual(model.Fingerprint, model.Take(1).Fingerprint);
        Assert.Equal(model.Take(1).Fingerprint, new RvqModel(new Codebook(a, 3)).Fingerprint);
    }

    [Fact]
    public void Fingerprint_EveryStructure_IsTheHashThatTheFormatSays()
    {
        // FORMAT.md, "Fingerprint": streams keep it, so it must never change.
        foreach (var (model, name) in TestModels.All())
        {
            using var bytes = new MemoryStream();
            using var writer = new BinaryWriter(bytes);
            writer.Write(model.FramesPerBlock);
            writer.Write(model.Stacks.Length);
            foreach (var stack in model.Stacks)
            {
                WriteProjection(writer, stack.InputProjection);
                WriteProjection(writer, stack.OutputProjection);
                writer.Write(stack.Stages.Length);
                foreach (var stage in stack.Stages)
                {
                    writer.Write(stage.Metric switch
                    {
                        SearchMetric.Euclidean => 0,
                        SearchMetric.Cosine => 1,
                        SearchMetric.InnerProduct => 2,
                        _ => 3,
                    });
                    writer.Write(stage.Stride);
                    WriteProjection(writer, stage.InputProjection);
                    WriteProjection(writer, stage.OutputProjection);
                    writer.Write(stage.Codebook.Size);
                    writer.Write(stage.Codebook.Dimensions);
                    for (var code = 0; code < stage.Codebook.Size; code++)
                    {
                        WriteValues(writer, stage.Codebook[code]);
                    }
                }
            }

            Assert.True(System.IO.Hashing.XxHash128.HashToUInt128(bytes.ToArray()) == model.Fingerprint, name);
        }
    }

    private static void WriteProjection(BinaryWriter writer, Projection? projection)
    {
        writer.Write(projection?.Outputs ?? 0);
        writer.Write(projection?.Inputs ?? 0);
        if (projection is not null)
        {
            writer.Write(projection.Bias.Length);
            WriteValues(writer, projection.Weight);
            WriteValues(writer, projection.Bias);
        }
    }

    private static void WriteValues(BinaryWriter writer, ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            writer.Write(value);
        }
    }

    [Fact]
    public void ToString_EveryStructure_SaysWhatItIs()
    {
        var codebook = new Codebook(new float[1024 * 128], 128);
        var encodec = new RvqModel([.. Enumerable.Repeat(codebook, 8)]) { Family = "EnCodec", SampleRate = 24000, HopLength = 320 };
        Assert.Equal("EnCodec: 8 × [1024, 128], 75 frames/s, 6 kbit/s", encodec.ToString());
        Assert.Equal("2 × [3, 1] + 1 × [5, 1]", new RvqModel(Sized(3), Sized(3), Sized(5)).ToString());
        var random = new Random(1);
        Assert.Equal(
            "DAC: 2 × [40, 8] in 24 dimensions, 86.133 frames/s, 1.034 kbit/s",
            new RvqModel(
                TestModels.Dac(random, 24, [8, 8], 40, [1, 1]))
            { Family = "DAC", SampleRate = 44100, HopLength = 512 }.ToString());
        Assert.Equal(
            "1 × [4096, 1] every 4 frames + 1 × [4096, 1] every 2 frames + 1 × [1024, 1]",
            Strided((4096, 4), (4096, 2), (1024, 1)).ToString());
    }

    private static RvqModel Strided(params (int Size, int Stride)[] stages)
        => new(new ResidualStack([.. stages.Select(stage => new Stage(Sized(stage.Size), stride: stage.Stride))]));

    private static Codebook Sized(int size) => new(new float[size], 1);
}
