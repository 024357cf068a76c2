using Rvq.Streams;

namespace Rvq.Tests.Streams;

/// <summary>Streams in files.</summary>
public sealed class RvqFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq-files").FullName;

    [Fact]
    public void CreateAndOpen_AFile_HasTheCodes()
    {
        var model = RvqSamples.Model([50, 60]);
        var path = Path.Combine(_folder, "a.rvq");
        File.WriteAllBytes(path, new byte[5000]);
        var codes = RvqSamples.Codes(new RvqHeader(model), 100, 2, 1);
        using (var writer = RvqWriter.Create(path, new RvqHeader(model), 40))
        {
            Assert.Equal(40, writer.FramesPerChunk);
            writer.Write<int>(codes);

            // A reader that comes meanwhile finds the chunks that are full.
            using var meanwhile = RvqReader.Open(path, options: new RvqReaderOptions { Recover = true });
            Assert.Equal(codes[..160], RvqSamples.ReadAll(meanwhile).SelectMany(chunk => chunk.ToArray()));
            writer.Complete();
        }

        using var reader = RvqReader.Open(path, model);
        Assert.Equal(codes, RvqSamples.ReadAll(reader).SelectMany(chunk => chunk.ToArray()));
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void Create_WhatIsNotPossible_TouchesNoFile()
    {
        var path = Path.Combine(_folder, "b.rvq");
        File.WriteAllText(path, "before");
        Assert.Throws<ArgumentException>("header", () => RvqWriter.Create(path, new RvqHeader([10]) { FrameRateNumerator = 5 }));
        Assert.Throws<ArgumentOutOfRangeException>("framesPerChunk", () => RvqWriter.Create(path, new RvqHeader([10]), 0));
        Assert.Throws<ArgumentNullException>("header", () => RvqWriter.Create(path, null!));
        Assert.Equal("before", File.ReadAllText(path));
        Assert.Throws<ArgumentException>("path", () => RvqWriter.Create("", new RvqHeader([10])));
        Assert.Throws<ArgumentException>("path", () => RvqReader.Open(""));
    }

    [Fact]
    public void Open_WhatCannotBeRead_IsClosedAgainAndNamed()
    {
        var path = Path.Combine(_folder, "c.rvq");
        File.WriteAllText(path, "This is something else altogether.");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => RvqReader.Open(path)).Message, StringComparison.Ordinal);
        AssertClosed(path);
        using (var writer = RvqWriter.Create(path, new RvqHeader(RvqSamples.Model([50, 60]))))
        {
            writer.Complete();
        }

        Assert.Throws<ArgumentException>("model", () => RvqReader.Open(path, RvqSamples.Model([50, 60], seed: 9)));
        AssertClosed(path);
        Assert.Throws<FileNotFoundException>(() => RvqReader.Open(path + "x"));

        static void AssertClosed(string path) => File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
