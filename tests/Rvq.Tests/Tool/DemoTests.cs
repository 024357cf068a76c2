using System.Globalization;
using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

public sealed class DemoTests : IDisposable
{
    private readonly ToolRun _tool = new();

    [Fact]
    public void Demo_BuiltInClip_GetsNearerWithEveryCodebook()
    {
        _tool.Succeed("demo", "--measure", "0.02", "-o", _tool.File("."));
        AssertTable(bytesOfOneCodebook: 937);
        Assert.Equal(["1-codebooks.wav", "2-codebooks.wav", "4-codebooks.wav", "8-codebooks.wav", "original.wav"], _tool.Files());

        var original = Read("original.wav");
        Assert.All(_tool.Files(), name => Assert.Equal(original.Samples.Length, Read(name).Samples.Length));
        Assert.InRange(Correlation(original.Samples, Read("8-codebooks.wav").Samples), 0.95, 1);
    }

    [Fact]
    public void Demo_OwnFile_DoesTheSame()
    {
        // A quarter of a second of a gliding tone at another rate.
        const int Rate = 44100;
        var samples = Enumerable.Range(0, Rate / 4).Select(i => 0.5f * MathF.Sin(200 * MathF.Pow((float)i / Rate + 1, 4)));
        using (var stream = File.Create(_tool.File("own.wav")))
        {
            WavWriter.Write(stream, new WavAudio([.. samples], Rate));
        }

        _tool.Succeed("demo", "--measure", "0.02", _tool.File("own.wav"), "-o", _tool.File("."), "--threads", "1");
        AssertTable(bytesOfOneCodebook: null);
        Assert.Equal(Rate, Read("8-codebooks.wav").SampleRate);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(16000)]
    public void Demo_ShortOrSilentFile_IsRefused(int length)
    {
        using (var stream = File.Create(_tool.File("silent.wav")))
        {
            WavWriter.Write(stream, new WavAudio(new float[length], 16000));
        }

        _tool.Fail(1, $"{length} samples", "demo", _tool.File("silent.wav"), "-o", _tool.File("."));
    }

    [Fact]
    public void Demo_QuarterOfASecond_Works()
    {
        var random = new Random(1);
        using (var stream = File.Create(_tool.File("short.wav")))
        {
            WavWriter.Write(stream, new WavAudio([.. Enumerable.Range(0, 1024).Select(_ => random.NextSingle() - 0.5f)], 16000));
        }

        _tool.Succeed("demo", "--measure", "0.02", _tool.File("short.wav"), "-o", _tool.File("."));
    }

    private void AssertTable(int? bytesOfOneCodebook)
    {
        var rows = _tool.Output.Split('\n')
            .Where(line => line.StartsWith('│') && line.Contains('×', StringComparison.Ordinal))
            .Select(line => line.Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToArray();
        Assert.Equal(["1", "2", "4", "8"], rows.Select(row => row[0]));
        var bytes = rows.Select(row => int.Parse(row[1], CultureInfo.InvariantCulture)).ToArray();
        var ratios = rows.Select(row => double.Parse(row[4], CultureInfo.InvariantCulture)).ToArray();
        Assert.InRange(ratios[0], 0.5, 40);
        Assert.Equal(ratios.Order().Distinct(), ratios);
        if (bytesOfOneCodebook is { } expected)
        {
            // 8 bits for each of the frames and codebooks.
            Assert.Equal([expected, 2 * expected, 4 * expected, 8 * expected], bytes);
        }
    }

    private WavAudio Read(string name) => WavReader.Read(File.ReadAllBytes(_tool.File(name)), Assert.Fail);

    private static double Correlation(float[] x, float[] y)
        => x.Zip(y, (a, b) => (double)a * b).Sum() / Math.Sqrt(x.Sum(a => (double)a * a) * y.Sum(b => (double)b * b));

    public void Dispose() => _tool.Dispose();
}
