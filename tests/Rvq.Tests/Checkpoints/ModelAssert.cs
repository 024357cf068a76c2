using Rvq.Checkpoints;

namespace Rvq.Tests.Checkpoints;

/// <summary>Compares models to the last bit.</summary>
internal static class ModelAssert
{
    public static void Equal(RvqModel expected, RvqModel actual)
    {
        Assert.Equal((expected.Family, expected.SampleRate, expected.HopLength), (actual.Family, actual.SampleRate, actual.HopLength));
        SameQuantizer(expected, actual);
    }

    public static void SameQuantizer(RvqModel expected, RvqModel actual)
    {
        Assert.Equal(expected.FramesPerBlock, actual.FramesPerBlock);
        Assert.Equal(expected.Stacks.Length, actual.Stacks.Length);
        for (var s = 0; s < expected.Stacks.Length; s++)
        {
            Equal(expected.Stacks[s].InputProjection, actual.Stacks[s].InputProjection);
            Equal(expected.Stacks[s].OutputProjection, actual.Stacks[s].OutputProjection);
            Assert.Equal(expected.Stacks[s].Stages.Length, actual.Stacks[s].Stages.Length);
        }

        for (var i = 0; i < expected.Stages.Length; i++)
        {
            var (a, b) = (expected.Stages[i], actual.Stages[i]);
            Assert.Equal(
                (a.Metric, a.Stride, a.Codebook.Size, a.Codebook.Dimensions), (b.Metric, b.Stride, b.Codebook.Size, b.Codebook.Dimensions));
            Equal(a.InputProjection, b.InputProjection);
            Equal(a.OutputProjection, b.OutputProjection);
            for (var code = 0; code < a.Codebook.Size; code++)
            {
                SameBits(a.Codebook[code], b.Codebook[code]);
            }
        }
    }

    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
        => Assert.True(System.Runtime.InteropServices.MemoryMarshal.AsBytes(expected)
            .SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(actual)));

    /// <summary>Reads a model from memory.</summary>
    public static RvqModel Read(byte[] file, LoadOptions? options = null, CodecConfig? config = null)
        => CheckpointReader.Read(new MemoryStream(file), options ?? new LoadOptions(), config ?? CodecConfig.None);

    /// <summary>Asserts that a file is refused, and returns why.</summary>
    public static string Refused(byte[] file, LoadOptions? options = null, CodecConfig? config = null)
        => Assert.Throws<InvalidDataException>(() => Read(file, options, config)).Message;

    private static void Equal(Projection? expected, Projection? actual)
    {
        Assert.Equal(expected is null, actual is null);
        Assert.Equal((expected?.Inputs, expected?.Outputs), (actual?.Inputs, actual?.Outputs));
        SameBits(expected is null ? default : expected.Weight, actual is null ? default : actual.Weight);
        SameBits(expected is null ? default : expected.Bias, actual is null ? default : actual.Bias);
    }
}
