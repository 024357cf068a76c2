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
    [InlineData(3, 64,
        new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0xE0, 0xBF, 0, 0, 0, 0, 0, 0, 0xF0, 0xBF })]
    public void Read_EverySampleFormat_GivesTheSamples(int tag, int bits, byte[] data)
    {
        foreach (var file in (byte[][])[Create(tag, 1, bits, data), Create(tag, 1, bits, data, extensible: true),
            Create(tag, 1, bits, data, dataLength: uint.MaxValue)])
        {
            var audio = Read(file);
            Assert.Equal([0, 0.5f, -0.5f, -1], audio.Samples);
            Assert.Equal(16000, audio.SampleRate);
        }
    }

    /// <summary>Values from the tables of ITU-T G.711, on the scale of 16 bits.</summary>
    [Theory]
    [InlineData(6, new byte[] { 0xD5, 0x55, 0xAA, 0x2A, 0xC5, 0xF5 }, new[] { 8, -8, 32256, -32256, 264, 528 })]
    [InlineData(7, new byte[] { 0xFF, 0x7F, 0x80, 0x00, 0xEF, 0xF0 }, new[] { 0, 0, 32124, -32124, 132, 120 })]
    public void Read_TelephoneCodes_AreDecodedByTheStandard(int tag, byte[] data, int[] expected)
        => Assert.Equal(expected.Select(value => value / 32768f), Read(Create(tag, 1, 8, data)).Samples);

    [Theory]
    [InlineData("x.wav")]
    [InlineData("f64.wav")]
    [InlineData("rf64.wav")]
    [InlineData("rifx.wav")]
    public void Read_FilesOfSoxAndFfmpeg_GiveTheSamples(string name)
    {
        var audio = Read(Fixture(name));
        Assert.Equal(Expected(), audio.Samples);
        Assert.Equal(22050, audio.SampleRate);
    }

    private static readonly string[] RareKinds = ["rf64.wav", "rifx.wav", "ff.w64", "alaw.wav"];

    [Fact]
    public void Read_Wave64OfFfmpeg_GivesTheSamples()
    {
        // ffmpeg counts the two bytes that fill the chunk up to a multiple of eight among the data.
        var audio = Read(Fixture("ff.w64"));
        Assert.Equal([.. Expected(), 0], audio.Samples);
        Assert.Equal(22050, audio.SampleRate);
    }

    [Theory]
    [InlineData("alaw.wav")]
    [InlineData("mulaw.wav")]
    public void Read_TelephoneFiles_AreNearTheSamples(string name)
    {
        // A step is at most a sixteenth of the magnitude; sox adds noise of a step before it rounds, and the smallest steps are 16 of
        // 32768.
        var (samples, expected) = (Read(Fixture(name)).Samples, Expected());
        Assert.Equal(expected.Length, samples.Length);
        Assert.All(samples.Zip(expected), pair => Assert.InRange(
            Math.Abs(pair.First - pair.Second) * 32768, 0, Math.Max(16, Math.Abs(pair.Second * 32768) / 16) + 16));
    }

    [Fact]
    public void Read_DataOfNoLength_AreReadWithAWarning()
    {
        var warnings = new List<string>();
        Assert.Equal(Expected(), WavReader.Read(Fixture("zero_size.wav"), warnings.Add).Samples);
        Assert.Contains("no data", Assert.Single(warnings), StringComparison.Ordinal);

        // A file whose own length is right has no data where it says so, whatever chunk follows.
        byte[] file = [.. Create(1, 1, 16, []), .. "LIST"u8, 2, 0, 0, 0, 1, 2];
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        Assert.Empty(Read(file).Samples);
    }

    [Fact]
    public void Read_FileThatWasCutOff_IsReadWithAWarning()
    {
        var warnings = new List<string>();
        var samples = WavReader.Read(Fixture("truncated.wav"), warnings.Add).Samples;
        Assert.Equal(Expected()[..samples.Length], samples);
        Assert.Equal((12274 - 44) / 2, samples.Length);
        Assert.Equal(["It was cut off: of 13230 bytes of data 12230 are there."], warnings);
    }

    [Theory]
    [InlineData("x.flac", "FLAC")]
    [InlineData("x.mp3", "MP3")]
    public void Read_OtherSoundFiles_AreNamed(string name, string kind)
        => Assert.Contains(kind, Assert.Throws<InvalidDataException>(() => Read(Fixture(name))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_SeveralChannels_AreAveraged()
        => Assert.Equal([0.25f, -0.25f], Read(Create(1, 2, 16, [0, 0, 0, 0x40, 0, 0xC0, 0, 0])).Samples);

    [Fact]
    public void Read_ChunksBetween_AreSkipped()
    {
        var file = Create(1, 1, 16, [0, 0x40]);
        byte[] odd = [(byte)'L', (byte)'I', (byte)'S', (byte)'T', 3, 0, 0, 0, 1, 2, 3, 0];
        Assert.Equal([0.5f], Read((byte[])[.. file[..36], .. odd, .. file[36..]]).Samples);
    }

    [Fact]
    public void Read_WhatWavWriterWrote_IsTheSame()
    {
        float[] samples = [0, 0.5f, -0.25f, -1, 1 / 32768f, 2, -3];
        using var stream = new MemoryStream();
        WavWriter.Write(stream, new WavAudio(samples, 22050));
        stream.Position = 0;
        var audio = WavReader.Read(stream, Assert.Fail);
        Assert.Equal([0, 0.5f, -0.25f, -1, 1 / 32768f, 32767 / 32768f, -1], audio.Samples);
        Assert.Equal(22050, audio.SampleRate);
    }

    [Fact]
    public void Read_EveryTruncation_IsRefusedOrToldOf()
    {
        var file = Create(1, 1, 16, [0, 0, 0, 0x40]);
        const int DataStart = 44;
        for (var length = 0; length < DataStart; length++)
        {
            Assert.Throws<InvalidDataException>(() => Read(file.AsSpan(0, length)));
        }

        for (var length = DataStart; length < file.Length; length++)
        {
            var warnings = new List<string>();
            Assert.Equal((length - DataStart) / 2, WavReader.Read(file.AsSpan(0, length), warnings.Add).Samples.Length);
            Assert.Equal([$"It was cut off: of 4 bytes of data {length - DataStart} are there."], warnings);
        }
    }

    [Theory]
    [InlineData(2, 1, 16)]
    [InlineData(1, 0, 16)]
    [InlineData(1, 1, 0)]
    [InlineData(1, 1, 12)]
    [InlineData(3, 1, 16)]
    [InlineData(6, 1, 16)]
    [InlineData(7, 1, 4)]
    public void Read_OtherFormats_AreRefused(int tag, int channels, int bits)
        => Assert.Throws<InvalidDataException>(() => Read(Create(tag, channels, bits, new byte[16])));

    [Theory]
    [InlineData(24, 0u)]
    [InlineData(24, uint.MaxValue)]
    [InlineData(32, 7u)]
    [InlineData(16, 15u)]
    [InlineData(16, 0x7FFF_F000u)]
    public void Read_LengthsThatDoNotFit_AreRefused(int offset, uint value)
    {
        var file = Create(1, 1, 16, new byte[8]);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);
        Assert.Throws<InvalidDataException>(() => Read(file));
    }

    [Fact]
    public void Read_NaN_IsRefused() => Assert.Throws<InvalidDataException>(() => Read(Create(3, 1, 32, [0, 0, 0xC0, 0x7F])));

    [Fact]
    public void Read_MutatedFiles_GiveFiniteSamplesOrInvalidData()
    {
        byte[][] seeds =
        [
            Create(1, 1, 16, [0, 0, 0, 0x40]), Create(1, 2, 24, new byte[12], extensible: true),
            Create(3, 1, 32, [0, 0, 0, 0x3F, 0, 0, 0, 0xBF]),
            .. RareKinds.Select(name => Fixture(name)[..160]),
        ];
        var read = Mutation.Try(
            seeds, 120_000, file => Assert.All(WavReader.Read(file, _ => { }).Samples, sample => Assert.True(float.IsFinite(sample))));
        Assert.InRange(read, 1000, 119_000);
    }

    private static WavAudio Read(ReadOnlySpan<byte> file) => WavReader.Read(file, Assert.Fail);

    private static byte[] Fixture(string name) => File.ReadAllBytes(ToolProcess.Fixture($"wav_formats/{name}"));

    /// <summary>The samples of x.wav, PCM of 16 bits behind 44 bytes.</summary>
    private static float[] Expected()
        => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(Fixture("x.wav").AsSpan(44)).ToArray()
            .Select(sample => sample / 32768f)];

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
            .. "RIFF"u8, .. BitConverter.GetBytes(28 + format.Length - 8 + data.Length), .. "WAVEfmt "u8,
            .. BitConverter.GetBytes(format.Length), .. format,
            .. "data"u8, .. BitConverter.GetBytes(dataLength ?? (uint)data.Length), .. data,
        ];
    }
}
