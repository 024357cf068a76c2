using Rvq.Tool.Files;

namespace Rvq.Tests.Tool;

public sealed class OutputFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq-output-").FullName;

    private string Target => Path.Combine(_folder, "out.bin");

    [Fact]
    public void Write_Whole_ReplacesTheFileAndLeavesNothingBeside()
    {
        File.WriteAllText(Target, "old and longer");
        OutputFile.Write(Target, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_ThatFailsInTheMiddle_KeepsTheOldFileAndLeavesNothingBeside()
    {
        File.WriteAllText(Target, "old");
        Assert.Throws<IOException>(() => OutputFile.Write(Target, stream =>
        {
            stream.Write("half"u8);
            stream.Flush();
            throw new IOException("No space left on device");
        }));
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_ThatFailsWithoutAnOldFile_LeavesNothing()
    {
        Assert.Throws<OperationCanceledException>(() => OutputFile.Write(Target, _ => throw new OperationCanceledException()));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_ToALink_ReplacesWhatItPointsTo()
    {
        var link = Path.Combine(_folder, "link");
        File.WriteAllText(Target, "old");
        try
        {
            File.CreateSymbolicLink(link, Target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"No symbolic links here: {exception.Message}");
        }

        OutputFile.Write(link, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal(Target, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void Write_ToAFolder_IsRefused() => Assert.Throws<IOException>(() => OutputFile.Write(_folder, stream => stream.WriteByte(0)));

    [Fact]
    public void Write_ToADevice_WritesIntoIt()
    {
        Assert.SkipUnless(File.Exists("/dev/null"), "There is no /dev/null here.");
        OutputFile.Write("/dev/null", stream => stream.WriteByte(1));
        Assert.Empty(File.ReadAllBytes("/dev/null"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
