using System.Diagnostics;

namespace Rvq.Tests.Tool;

/// <summary>The rvq command as a process of its own, called by a shell script in a folder with a model, frames and their codes.</summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _command;

    /// <summary>A folder with model.th, frames.npy [40, 8] and expected_codes.npy [40, 3], EnCodec's own.</summary>
    /// <param name="command">The command's file; null for the one beside the tests.</param>
    public ToolProcess(string? command = null)
    {
        _command = command ?? Path.Combine(AppContext.BaseDirectory, "Rvq.Tool");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "These scripts need a Unix shell.");
        foreach (var name in (string[])["model.th", "frames.npy", "expected_codes.npy"])
        {
            System.IO.File.Copy(Fixture(name), File(name));
        }
    }

    /// <summary>The folder that the scripts run in.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("rvq-process-").FullName;

    /// <summary>What the last script printed.</summary>
    public string Output { get; private set; } = "";

    /// <summary>What the last script printed as errors.</summary>
    public string Error { get; private set; } = "";

    /// <summary>A file that lies beside the tests.</summary>
    public static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Tool", "Fixtures", name);

    /// <summary>The path of a file in the folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>The names of the files in the folder.</summary>
    public string[] Files()
        => [.. Directory.GetFileSystemEntries(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Runs a script in which $RVQ is the command.</summary>
    /// <returns>Its exit code.</returns>
    public int Run(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RVQ"] = _command;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"It hangs: {script}");
        }

        (Output, Error) = (output.Result, error.Result);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        return process.ExitCode;
    }

    /// <summary>Runs a script that must succeed.</summary>
    public void Succeed(string script) => Assert.True(Run(script) == 0, $"{script}: {Error}");

    /// <summary>Runs a script that must fail with that code and one line with these words.</summary>
    public void Fail(int code, string words, string script)
    {
        Assert.Equal(code, Run(script));
        Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(words, Error, StringComparison.Ordinal);
    }

    /// <summary>Asserts that a file holds the codes of frames.npy.</summary>
    public void AssertCodes(string path)
    {
        var (expected, actual) = (Npy.ReadInt64(File("expected_codes.npy")), Npy.ReadInt64(path));
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Data, actual.Data);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
