using Rvq.Tool;

namespace Rvq.Tests.Tool;

/// <summary>Runs the rvq command in this process, in a folder of its own.</summary>
internal sealed class ToolRun : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rvq-tool-tests-").FullName;

    /// <summary>What the last run printed.</summary>
    public string Output { get; private set; } = "";

    /// <summary>What the last run printed as errors.</summary>
    public string Error { get; private set; } = "";

    /// <summary>What the last run wrote to standard output as bytes.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>The bytes on standard input.</summary>
    public byte[] Input { get; set; } = [];

    /// <summary>The path of a file in the folder.</summary>
    public string File(string name) => Path.Combine(_folder, name);

    /// <summary>The names of the files in the folder.</summary>
    public string[] Files() => [.. Directory.GetFiles(_folder).Select(path => Path.GetFileName(path)).Order()];

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public int Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var bytes = new MemoryStream();
        var code = Program.Run(args, new Shell(output, error, () => new MemoryStream(Input), () => bytes));
        (Output, Error, Bytes) = (output.ToString(), error.ToString(), bytes.ToArray());
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        return code;
    }

    /// <summary>Runs a command line that must succeed.</summary>
    public void Succeed(params string[] args) => Assert.True(Run(args) == 0, Error);

    /// <summary>Runs a command line that must fail with that code and one line with these words.</summary>
    public void Fail(int code, string words, params string[] args)
    {
        Assert.Equal(code, Run(args));
        Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(words, Error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
