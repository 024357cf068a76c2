#pragma warning disable CA1416 // Tests of modes skip on Windows, which the analyzer does not see.

using Rvq.Files;
using Rvq.Training;

namespace Rvq.Tests.Files;

/// <summary>The rule by which every output is written.</summary>
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
        var fault = new IOException("No space left on device");
        Assert.Same(fault, Assert.Throws<IOException>(() => OutputFile.Write(Target, stream =>
        {
            stream.Write("half"u8);
            stream.Flush();
            Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
            throw fault;
        })));
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
    public void Check_WhatCanBeWritten_ChangesNothing()
    {
        OutputFile.Check(Target, 1000);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        File.WriteAllText(Target, "old");
        OutputFile.Check(Target, 1000);
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_NameAsLongAsItMayBe_Works()
    {
        var path = Path.Combine(_folder, new string('n', 255));
        OutputFile.Write(path, stream => stream.WriteByte(1));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("600")]
    [InlineData("640")]
    [InlineData("755")]
    public void Write_ExistingFile_KeepsItsMode(string octal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        var mode = (UnixFileMode)Convert.ToInt32(octal, 8);
        File.WriteAllText(Target, "old");
        File.SetUnixFileMode(Target, mode);
        OutputFile.Write(Target, stream =>
        {
            // Nobody else reads an unfinished secret.
            var unfinished = Directory.GetFileSystemEntries(_folder).Single(path => path != Target);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(unfinished));
            stream.Write("new"u8);
        });
        Assert.Equal(mode, File.GetUnixFileMode(Target));
        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void Write_NewFile_HasTheModeOfAnyNewFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        File.WriteAllText(Path.Combine(_folder, "any"), "");
        OutputFile.Write(Target, stream => stream.Write("new"u8));
        Assert.Equal(File.GetUnixFileMode(Path.Combine(_folder, "any")), File.GetUnixFileMode(Target));
    }

    [Fact]
    public void Write_FolderThatIsMerelyCalledFd_ReplacesTheFile()
    {
        // A process's open files are /proc/…/fd/…, which cannot be renamed to.
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "fd")).FullName;
        OutputFile.Write(Path.Combine(folder, "3"), stream =>
        {
            Assert.EndsWith(OutputFile.UnfinishedEnd, Assert.Single(Directory.GetFileSystemEntries(folder)), StringComparison.Ordinal);
            stream.WriteByte(1);
        });
        Assert.Equal([Path.Combine(folder, "3")], Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Write_OpenFileOfTheProcess_WritesIntoIt()
    {
        // /dev/fd is a link to /proc/self/fd, whose links are open files: they may be of no name.
        Assert.SkipUnless(Directory.Exists("/proc/self/fd") && Directory.Exists("/dev/fd"), "Only Linux lists open files.");
        using var stream = new FileStream(Target, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        foreach (var folder in new[] { "/proc/self/fd", "/dev/fd" })
        {
            OutputFile.Write(Path.Combine(folder, $"{stream.SafeFileHandle.DangerousGetHandle()}"), output => output.Write("new"u8));
            Assert.Equal(3, stream.Length); // still the same file
            stream.SetLength(0);
        }
    }

    [Theory]
    [InlineData(40, true)]
    [InlineData(41, false)]
    public void Write_ManyLinks_AreFollowedAsFarAsLinuxDoes(int count, bool works)
    {
        var folder = PhysicalPath.Of(_folder);
        for (var i = 0; i < count; i++)
        {
            Link(Path.Combine(folder, $"{i}"), i == count - 1 ? "out.bin" : $"{i + 1}");
        }

        if (!works)
        {
            Refused(Path.Combine(folder, "0"), "more than 40 symbolic links");
            return;
        }

        OutputFile.Write(Path.Combine(folder, "0"), stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(Target));
    }

    [Fact]
    public void Write_FileOfAnotherOwner_KeepsTheOwner()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can give files away.");
        File.WriteAllText(Target, "old");
        using (var chown = System.Diagnostics.Process.Start("chown", ["12345:23456", Target]))
        {
            chown.WaitForExit();
        }

        OutputFile.Write(Target, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(Target));
        Assert.Equal((12345u, 23456u), FileStatus.Of(Target) is { } status ? (status.User, status.Group) : default);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_ThroughLinks_ReplacesWhatTheyPointTo(bool exists)
    {
        // there/link → ../elsewhere/second → inner → out.bin, where "there" is a link itself: its ".." is the parent of the real folder.
        var real = Directory.CreateDirectory(Path.Combine(_folder, "deep", "real")).FullName;
        var inner = Directory.CreateDirectory(Path.Combine(_folder, "deep", "elsewhere")).FullName;
        Link(Path.Combine(_folder, "there"), real);
        Link(Path.Combine(real, "link"), Path.Combine("..", "elsewhere", "second"));
        Link(Path.Combine(inner, "second"), "out.bin");
        var target = Path.Combine(inner, "out.bin");
        if (exists)
        {
            File.WriteAllText(target, "old");
        }

        OutputFile.Write(Path.Combine(_folder, "there", "link"), stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(target));
        Assert.Equal("out.bin", new FileInfo(Path.Combine(inner, "second")).LinkTarget);
        Assert.NotNull(new FileInfo(Path.Combine(real, "link")).LinkTarget);
        Assert.Equal([target, Path.Combine(inner, "second")], Directory.GetFileSystemEntries(inner).Order());
    }

    [Fact]
    public void Write_LinksInACircle_AreRefused()
    {
        Link(Path.Combine(_folder, "a"), "b");
        Link(Path.Combine(_folder, "b"), "a");
        Refused(Path.Combine(_folder, "a"), "symbolic links");
    }

    [Fact]
    public void Write_FolderOrNoFolder_IsRefusedByItsName()
    {
        Refused(_folder, "is a folder");
        Refused(Path.Combine(_folder, "new") + Path.DirectorySeparatorChar, "is a folder");
        Refused(Path.Combine(_folder, "none", "out.bin"), Path.Combine(_folder, "none", "out.bin"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Write_ReadOnlyFile_IsRefused()
    {
        File.WriteAllText(Target, "old");
        new FileInfo(Target).IsReadOnly = true;
        Refused(Target, "read-only");
        Assert.Equal("old", File.ReadAllText(Target));
        new FileInfo(Target).IsReadOnly = false;
    }

    [Fact]
    public void Write_ReadOnlyDisk_IsRefusedByItsName()
    {
        using var disk = new Tmpfs("size=1m");
        disk.Remount("ro");
        Refused(Path.Combine(disk.Folder, "out.bin"), Path.Combine(disk.Folder, "out.bin"));
    }

    [Fact]
    public void Check_FullDisk_IsNoticed()
    {
        using var disk = new Tmpfs("size=512k");
        var target = Path.Combine(disk.Folder, "out.bin");
        OutputFile.Check(target, 400 << 10);
        Refused(() => OutputFile.Check(target, 600 << 10), target);
        File.WriteAllBytes(Path.Combine(disk.Folder, "filler"), new byte[512 << 10]);
        Refused(() => OutputFile.Check(target), target);
        Assert.Single(Directory.GetFileSystemEntries(disk.Folder));
    }

    [Fact]
    public void Save_DiskThatBecomesFull_LeavesTheOldFileAndNothingElse()
    {
        using var disk = new Tmpfs("size=256k");
        var target = Path.Combine(disk.Folder, "model.safetensors");
        File.WriteAllText(target, "old");
        var trainer = new EmaTrainer(64, new EmaTrainerOptions { CodebookSize = 1024 });
        Refused(() => new RvqModel(new Codebook(new float[1 << 17], 1 << 7)).Save(target), target);
        Refused(() => trainer.Save(target), target);
        Assert.Equal([target], Directory.GetFileSystemEntries(disk.Folder));
        Assert.Equal("old", File.ReadAllText(target));
    }

    [Fact]
    public void Write_MountedFile_WritesIntoIt()
    {
        // As containers mount single files: such a place cannot be renamed to.
        using var disk = new Tmpfs("size=1m");
        var (inside, outside) = (Path.Combine(disk.Folder, "out.bin"), Target);
        File.WriteAllText(inside, "old and longer");
        File.WriteAllText(outside, "");
        Assert.Equal(0, Shell("mount", "--bind", inside, outside));
        try
        {
            OutputFile.Write(outside, stream => stream.Write("new"u8));
            Assert.Equal("new", File.ReadAllText(inside));
        }
        finally
        {
            Assert.Equal(0, Shell("umount", outside));
        }
    }

    [Fact]
    public void Write_ToADevice_WritesIntoIt()
    {
        Assert.SkipUnless(File.Exists("/dev/null"), "There is no /dev/null here.");
        var device = "/dev/null";
        if (Environment.IsPrivilegedProcess)
        {
            // Root could replace the machine's: a device of the test's own.
            device = Path.Combine(_folder, "null");
            Assert.SkipUnless(OperatingSystem.IsLinux() && Shell("mknod", device, "c", "1", "3") == 0, "Root can make no device here.");
            try
            {
                File.ReadAllBytes(device);
            }
            catch (UnauthorizedAccessException)
            {
                Assert.Skip("Devices in the folder of temporary files cannot be opened.");
            }
        }

        OutputFile.Write(device, stream => stream.WriteByte(1));
        Assert.Empty(File.ReadAllBytes(device));
    }

    [Fact]
    public void Write_ToASocket_IsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells that a file is a socket.");
        using var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Target));
        Refused(Target, "socket");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Refused(string path, string words)
    {
        Refused(() => OutputFile.Check(path), words);
        Refused(() => OutputFile.Write(path, stream => stream.WriteByte(0)), words);
    }

    private static void Refused(Action work, string words)
    {
        var fault = Assert.ThrowsAny<IOException>(work);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(OutputFile.UnfinishedEnd, fault.Message, StringComparison.Ordinal);
    }

    private static int Shell(string program, params string[] args)
    {
        using var process = System.Diagnostics.Process.Start(program, args);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void Link(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"No symbolic links here: {exception.Message}");
        }
    }
}
