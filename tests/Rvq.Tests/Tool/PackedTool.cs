using System.Diagnostics;

namespace Rvq.Tests.Tool;

/// <summary>The package of the rvq command, made of what is built and installed from a local folder, as a user installs it.</summary>
public sealed class PackedTool : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("rvq-packed-").FullName;
    private readonly string? _fault;

    public PackedTool()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Rvq.sln")))
        {
            root = root.Parent;
        }

        if (root is null)
        {
            _fault = "The tests do not lie in a checkout, from which the command could be packed.";
            return;
        }

        var (packages, tool) = (Path.Combine(_folder, "packages"), Path.Combine(_folder, "tool"));
        var version = $"0.1.0-test.{Environment.ProcessId}";
        _fault = Run("pack", Path.Combine(root.FullName, "src", "Rvq.Tool"), "-c", "Release", "--no-build", "-o", packages,
            $"-p:PackageVersion={version}")
            ?? Run("tool", "install", "Rvq.Tool", "--version", version, "--tool-path", tool, "--source", packages);
        Command = Path.Combine(tool, "rvq");
    }

    /// <summary>The installed command; the test is skipped where dotnet cannot pack.</summary>
    public string Command
    {
        get
        {
            Assert.SkipWhen(_fault is not null, _fault ?? "");
            return field;
        }
    } = "";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Runs dotnet.</summary>
    /// <returns>What went wrong, or null.</returns>
    private static string? Run(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return $"dotnet {args[0]} does not end.";
            }

            return process.ExitCode == 0 ? null : $"dotnet {args[0]} fails: {output.Result} {error.Result}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"dotnet cannot be started: {exception.Message}";
        }
    }
}
