using System.Buffers.Binary;
using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

public class WavReaderTests
{
    [Theory]
    [InlineData(1, 8, new byte[] { 0x80, 0xC0, 0x40, 0x00 })]
    [InlineData(1, 16, new byte[] { 0, 0, 0, 0x40, 0, 0xC0, 0, 0x80 })]
    [InlineData(1, 24, new byte[] { 0, 0, 0, 0, 0, 0x40, 0, 0, 0xC0, 0, 0, 0x80 })]
    [InlineData(1, 32, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0xC0, 0, 0, 0, 0x80 })]
    [InlineData(3, 32, new byte[] { 0, 0, 0, 0, 0, 0, 0, 0x3F, 0, 0, 0, 0xBF, 0, 0, 0x80, 0xBF })]
    public void Read_EverySampleFormat_GivesTheSamples(int tag, int bits, byte[] data)
    {
        foreach (var file in (byte[][])[Create(tag, 1, bits, data), Create(tag, 1, bits, data, extensible: true), Create(tag, 1, bits, data, dataLength: uint.MaxValue)])
        {
            var audio = WavReader.Read(file);
            Assert.Equal([0, 0.5f, -0.5f, -1], audio.Samples);
            Assert.Equal(16000, audio.SampleRate);
        }
    }

    [Fact]
    public void Read_SeveralChannels_AreAveraged()
        => Assert.Equal([0.25f, -0.25f], WavReader.Read(Create(1, 2, 16, [0, 0, 0, 0x40, 0, 0xC0, 0, 0])).Samples);

    [Fact]
    public void Read_ChunksBetween_AreSkipped()
    {
        var file = Create(1, 1, 16, [0, 0x40]);
        byte[] odd = [(byte)'L', (byte)'I', (byte)'S', (byte)'T', 3, 0, 0, 0, 1, 2, 3, 0];
        Assert.Equal([0.5f], WavReader.Read((byte[])[.. file[..36], .. odd, .. file[36..]]).Samples);
    }

    [Fact]
    public void Read_WhatWavWriterWrote_IsTheSame()
    {
        float[] samples = [0, 0.5f, -0.25f, -1, 1 / 32768f, 2, -3];
        using var stream = new MemoryStream();
        WavWriter.Write(stream, new WavAudio(samples, 22050));
        stream.Position = 0;
        var audio = WavReader.Read(stream);
        Assert.Equal([0, 0.5f, -0.25f, -1, 1 / 32768f, 32767 / 32768f, -1], audio.Samples);
        Assert.Equal(22050, audio.SampleRate);
    }

    [Fact]
    public void Read_EveryTruncation_IsRefused()
    {
        var file = Create(1, 1, 16, [0, 0, 0, 0x40]);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => WavReader.Read(file.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData(2, 1, 16)]
    [InlineData(1, 0, 16)]
    [InlineData(1, 1, 0)]
    [InlineData(1, 1, 12)]
    [InlineData(3, 1, 64)]
    public void Read_OtherFormats_AreRefused(int tag, int channels, int bits)
        => Assert.Throws<InvalidDataException>(() => WavReader.Read(Create(tag, channels, bits, new byte[16])));

    [Theory]
    [InlineData(24, 0u)]
    [InlineData(24, uint.MaxValue)]
    [InlineData(32, 7u)]
    [InlineData(16, 15u)]
    [InlineData(16, 0x7FFF_F000u)]
    [InlineData(40, 1000u)]
    public void Read_LengthsThatDoNotFit_AreRefused(int offset, uint value)
    {
        var file = Create(1, 1, 16, new byte[8]);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);
        Assert.Throws<InvalidDataException>(() => WavReader.Read(file));
    }

    [Fact]
    public void Read_NaN_IsRefused() => Assert.Throws<InvalidDataException>(() => WavReader.Read(Create(3, 1, 32, [0, 0, 0xC0, 0x7F])));

    [Fact]
    public void Read_MutatedFiles_GiveFiniteSamplesOrInvalidData()
    {
        byte[][] seeds =
        [
            Create(1, 1, 16, [0, 0, 0, 0x40]), Create(1, 2, 24, new byte[12], extensible: true), Create(3, 1, 32, [0, 0, 0, 0x3F, 0, 0, 0, 0xBF]),
        ];
        var read = Mutation.Try(seeds, 120_000, file => Assert.All(WavReader.Read(file).Samples, sample => Assert.True(float.IsFinite(sample))));
        Assert.InRange(read, 1000, 119_000);
    }

    private static byte[] Create(int tag, int channels, int bits, byte[] data, bool extensible = false, uint? dataLength = null)
    {
        var format = new byte[extensible ? 40 : 16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)(extensible ? 0xFFFE : tag));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(4), 16000);
        BinaryPrimitives.WriteUInt32LittleEndian(format.AsSpan(8), (uint)(16000 * channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * bits / 8));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        if (extensible)
        {
            format[16] = 22;
            BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(24), (ushort)tag);
        }

        return
        [
            .. "RIFF"u8, .. BitConverter.GetBytes(28 + format.Length - 8 + data.Length), .. "WAVEfmt "u8, .. BitConverter.GetBytes(format.Length), .. format,
            .. "data"u8, .. BitConverter.GetBytes(dataLength ?? (uint)data.Length), .. data,
        ];
    }
}
