using System.Diagnostics;
using System.Text;

namespace Rvq.Tests.Packages;

/// <summary>Runs the SDK's commands in a folder of their own, as a user of the packages would.</summary>
internal sealed class Dotnet : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public Dotnet()
    {
        Folder = Directory.CreateTempSubdirectory("rvq-packages-").FullName;
    }

    /// <summary>The folder of the checkout, or null where the tests run without one.</summary>
    public static string? Checkout
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Rvq.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName;
        }
    }

    /// <summary>"release" or "debug", as in the path of this assembly.</summary>
    public static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Name;

    /// <summary>An empty folder, deleted at the end.</summary>
    public string Folder { get; }

    /// <summary>Skips the test where it cannot run or has run already.</summary>
    public static string CheckoutOrSkip()
    {
        var switches = Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(
            name => name.StartsWith("DOTNET_Enable", StringComparison.Ordinal));
        Assert.SkipWhen(switches.Any(), "Packages are tried once, with all instruction sets.");
        Assert.SkipWhen(Checkout is null, "Packages are tried from a checkout.");
        Assert.SkipUnless(Find("dotnet") is not null, "There is no .NET SDK on the PATH.");
        return Checkout!;
    }

    /// <summary>Where a program lies on the PATH, or null.</summary>
    public static string? Find(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(
                folder => new[] { Path.Combine(folder, program), Path.Combine(folder, program + ".exe") }).FirstOrDefault(File.Exists);

    public void Write(string path, string text) => File.WriteAllText(Path.Combine(Folder, path), text);

    /// <summary>
    /// Runs a command to its end and gives its output; the test fails where the command fails, and is skipped where no package source can
    /// be reached.
    /// </summary>
    public string Run(string program, params string[] arguments)
    {
        var (code, output) = Try(program, arguments);
        Assert.SkipWhen(code != 0 && output.Contains("NU1301", StringComparison.Ordinal), "No package source can be reached.");
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}\n{output}");
        return output;
    }

    private (int Code, string Output) Try(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Folder, "installed");

        // Set for the test's own process by the SDK that runs it.
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment.Remove("MSBuildExtensionsPath");
        using var process = Process.Start(start)!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{output}\nstill running after {Patience}");
        }

        process.WaitForExit();
        return (process.ExitCode, $"{output}");

        void Append(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
