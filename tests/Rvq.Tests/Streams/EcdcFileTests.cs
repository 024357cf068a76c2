using System.Text;
using System.Text.Json;
using Rvq.Streams;

namespace Rvq.Tests.Streams;

public class EcdcFileTests
{
    [Theory]
    [InlineData("bits-ecdc-24khz")]
    [InlineData("bits-ecdc-48khz")]
    public void ReadAndToArray_EncodecsFile_AreEncodecsCodesAndBytes(string name)
    {
        var folder = TestData.Path("reference/" + name);
        var bytes = File.ReadAllBytes(Path.Combine(folder, "file.ecdc"));
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        var info = document.RootElement;
        var segments = info.GetProperty("segments").EnumerateArray().ToArray();
        var codes = segments.Select((segment, i) =>
        {
            var (data, shape) = Npy.ReadInt64(Path.Combine(folder, $"codes_{i}.npy"));
            return Array.ConvertAll(CodePackingTests.Transpose(data, shape[0], shape[1]), code => (int)code);
        }).ToArray();

        var file = EcdcFile.Read(bytes);
        Assert.Equal(info.GetProperty("model").GetString(), file.ModelName);
        Assert.Equal(info.GetProperty("audio_length").GetInt64(), file.AudioLength);
        Assert.Equal(info.GetProperty("sample_rate").GetInt32(), file.SampleRate);
        Assert.Equal(info.GetProperty("frame_rate").GetInt32(), file.FrameRate);
        Assert.Equal(segments.Length, file.SegmentCount);
        for (var i = 0; i < segments.Length; i++)
        {
            Assert.Equal(codes[i], file.GetCodes(i));
            if (file.Scales.Length > 0)
            {
                Assert.Equal(segments[i].GetProperty("scale").GetSingle(), file.Scales[i]);
            }
        }

        Assert.Equal(name.EndsWith("48khz", StringComparison.Ordinal) ? segments.Length : 0, file.Scales.Length);
        Assert.Equal(codes.SelectMany(segment => segment), file.Codes.ToArray());
        Assert.Equal(bytes, file.ToArray());
        Assert.Equal(bytes, new EcdcFile(file.ModelName, file.AudioLength, file.CodebookCount, file.Codes, file.Scales).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(320)]
    [InlineData(321)]
    [InlineData(47520)]
    [InlineData(47521)]
    [InlineData(48000)]
    [InlineData(95040 + 1)]
    [InlineData(95000)]
    [InlineData(200000)]
    public void ReadAndToArray_AnyAudioLength_RoundTrip(int audioLength)
    {
        foreach (var model in (string[])["encodec_24khz", "encodec_48khz"])
        {
            // As EnCodec: for offset in range(0, al, stride): ceil(min(al - offset, segment) · frame rate / sample rate).
            var (stride, segment, samplesPerFrame) = model == "encodec_48khz" ? (47520, 48000, 320) : (audioLength, audioLength, 320);
            var lengths = Enumerable.Range(0, audioLength).Where(offset => offset % stride == 0)
                .Select(offset => (int)Math.Ceiling(Math.Min(audioLength - offset, segment) / (double)samplesPerFrame)).ToArray();
            var random = new Random(audioLength);
            var codes = Enumerable.Range(0, lengths.Sum() * 3).Select(_ => random.Next(1024)).ToArray();
            var one = EcdcFile.Read(new EcdcFile(
                model,
                audioLength,
                1,
                codes.AsSpan(0, lengths.Sum()),
                model == "encodec_48khz" ? new float[lengths.Length] : []).ToArray());
            Assert.Equal((1, lengths.Sum()), (one.CodebookCount, one.Codes.Length));
            var scales = model == "encodec_48khz" ? lengths.Select(_ => random.NextSingle()).ToArray() : [];
            var file = EcdcFile.Read(new EcdcFile(model, audioLength, 3, codes, scales).ToArray());
            Assert.Equal(codes, file.Codes);
            Assert.Equal(scales, file.Scales);
            Assert.Equal(lengths, Enumerable.Range(0, file.SegmentCount).Select(i => file.GetCodes(i).Length / 3));
        }
    }

    [Fact]
    public void Read_EveryTruncationAndALongerFile_AreRefused()
    {
        foreach (var name in (string[])["bits-ecdc-24khz", "bits-ecdc-48khz"])
        {
            var bytes = File.ReadAllBytes(Path.Combine(TestData.Path("reference/" + name), "file.ecdc"));
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.Throws<InvalidDataException>(() => EcdcFile.Read(bytes.AsSpan(0, length)));
            }

            Assert.Throws<InvalidDataException>(() => EcdcFile.Read([.. bytes, 0]));
        }
    }

    [Fact]
    public void Read_LanguageModel_IsRefusedClearly()
    {
        var bytes = File.ReadAllBytes(Path.Combine(TestData.Path("reference/bits-ecdc-24khz-lm"), "file.ecdc"));
        Assert.Contains(
            "language model", Assert.Throws<InvalidDataException>(() => EcdcFile.Read(bytes)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"m": "encodec_24khz", "al": 9223372036854775807, "nc": 32, "lm": false}""", "samples")]
    [InlineData("""{"m": "encodec_24khz", "al": 1099511627776, "nc": 32, "lm": false}""", "needs 137438953480 bytes")]
    [InlineData("""{"m": "encodec_48khz", "al": 1099511627776, "nc": 16, "lm": false}""", "Segment 0")]
    [InlineData("""{"m": "encodec_24khz", "al": 0, "nc": 8, "lm": false}""", "0 samples")]
    [InlineData("""{"m": "encodec_24khz", "al": 10, "nc": 33, "lm": false}""", "33 codebooks")]
    [InlineData("""{"m": "encodec_24khz", "al": 10, "nc": -1, "lm": false}""", "-1 codebooks")]
    [InlineData("""{"m": "encodec_24khz", "al": 1.5, "nc": 8, "lm": false}""", "header")]
    [InlineData("""{"m": "encodec_24khz", "al": 10, "nc": "8", "lm": false}""", "header")]
    [InlineData("""{"m": "encodec_24khz", "nc": 8}""", "header")]
    [InlineData("""{"m": "\ud800", "al": 10, "nc": 8, "lm": false}""", "header")]
    [InlineData("""{"m": "other", "al": 10, "nc": 8, "lm": false}""", "model other")]
    [InlineData("[1]", "header")]
    [InlineData("", "header")]
    [InlineData("{}{}", "header")]
    public void Read_BadHeader_IsRefusedWithTheReason(string json, string reason)
    {
        var header = Encoding.UTF8.GetBytes(json);
        byte[] bytes = [.. "ECDC\0"u8, 0, 0, 0, (byte)header.Length, .. header, .. new byte[50]];
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => EcdcFile.Read(bytes)).Message, StringComparison.Ordinal);
        bytes[5] = 0xFF;
        Assert.Throws<InvalidDataException>(() => EcdcFile.Read(bytes));
    }

    [Fact]
    public void Constructor_WhatDoesNotFit_IsRefused()
    {
        Assert.Throws<ArgumentException>("modelName", () => new EcdcFile("other", 320, 1, [1]));
        Assert.Contains(
            "length 2, but 1 frames of 1 codes need 1",
            Assert.Throws<ArgumentException>("codes", () => new EcdcFile("encodec_24khz", 320, 1, [1, 2])).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("codes", () => new EcdcFile("encodec_24khz", 320, 1, [1024]));
        Assert.Throws<ArgumentException>("scales", () => new EcdcFile("encodec_48khz", 320, 1, [1]));
        Assert.Throws<ArgumentException>("scales", () => new EcdcFile("encodec_48khz", 320, 1, [1], [float.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>("codebookCount", () => new EcdcFile("encodec_48khz", 320, 17, new int[17], [1]));
        Assert.Throws<ArgumentOutOfRangeException>("audioLength", () => new EcdcFile("encodec_24khz", 0, 1, []));
    }
}
