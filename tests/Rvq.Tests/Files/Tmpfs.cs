using System.Diagnostics;

namespace Rvq.Tests.Files;

/// <summary>A small disk of its own, to be full or read-only. Only root on Linux may mount one; elsewhere the test is skipped.</summary>
internal sealed class Tmpfs : IDisposable
{
    public Tmpfs(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root on Linux can mount a small disk.");
        Folder = Directory.CreateTempSubdirectory("rvq-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", options, "none", Folder) != 0)
        {
            Directory.Delete(Folder);
            Assert.Skip("This container does not let root mount a small disk.");
        }
    }

    /// <summary>The disk's folder.</summary>
    public string Folder { get; }

    /// <summary>Changes the disk's options.</summary>
    public void Remount(string options) => Assert.Equal(0, Run("mount", "-o", $"remount,{options}", Folder));

    public void Dispose()
    {
        Assert.Equal(0, Run("umount", Folder));
        Directory.Delete(Folder);
    }

    private static int Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
