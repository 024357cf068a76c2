using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Rvq.Files;
using Rvq.Tool.Files;
using Spectre.Console;

namespace Rvq.Tool;

/// <summary>What a command talks to: the standard streams, which a test replaces.</summary>
internal sealed class Shell(TextWriter output, TextWriter error, Func<Stream> openInput, Func<Stream> openOutput)
{
    /// <summary>The code of success.</summary>
    public const int Success = 0;

    /// <summary>The code of bad input: a file that cannot be read or written, or data that do not fit.</summary>
    public const int BadInput = 1;

    /// <summary>The code of bad usage: unknown or missing arguments.</summary>
    public const int BadUsage = 2;

    /// <summary>The code of a program stopped by Ctrl-C, as shells have it.</summary>
    public const int Cancelled = 130;

    private static readonly (string Property, string Option)[] OptionNames =
    [
        ("LoadOptions.Prefix", "--prefix"), ("LoadOptions.Metric", "--metric"), ("LoadOptions.Family", "--family"),
        ("LoadOptions.IgnoreTensors", "--ignore"),
        ("LoadOptions.BareCodebooks", "--bare-codebooks"), ("LoadOptions.UnitCodewords", "--unit-codewords"),
        ("options.CodebookCount", "--codebooks"), ("options.CodebookSizes", "--size"),
        ("options.CodebookSize", "--size"), ("options.Iterations", "--iterations"), ("options.SampleLimit", "--sample"),
        ("options.InitialModel", "--init-from"),
        ("options.BeamWidth", "--beam"), ("; set SampleRate and HopLength", ""),
        ("; AllowOtherModel insists", "; --allow-other-model insists"),
    ];

    /// <summary>Where results are printed.</summary>
    public TextWriter Output => output;

    /// <summary>Where errors are printed.</summary>
    public TextWriter Error => error;

    /// <summary>Where tables are drawn.</summary>
    public IAnsiConsole Console { get; } = Draw(output);

    /// <summary>Where progress is drawn, and tables while data go to standard output.</summary>
    public IAnsiConsole ErrorConsole { get; } = Draw(error);

    /// <summary>Where a command that writes to <paramref name="path"/> draws its tables: never where its data go.</summary>
    public IAnsiConsole ReportConsole(string path) => SameFile.IsStandardOutput(path) ? ErrorConsole : Console;

    /// <summary>Runs a command's work and turns what goes wrong into an exit code and one line.</summary>
    public Task<int> Run(Action work, CancellationToken cancellation) => Task.Run(
        () => Guard(
            () =>
            {
                work();
                return Success;
            },
            cancellation),
        CancellationToken.None);

    /// <summary>Runs a command's work, which has exit codes of its own, and turns what goes wrong into an exit code and one line.</summary>
    public Task<int> Run(Func<int> work, CancellationToken cancellation)
        => Task.Run(() => Guard(work, cancellation), CancellationToken.None);

    /// <summary>Turns what goes wrong into an exit code and one line.</summary>
    public int Guard(Func<int> work, CancellationToken cancellation)
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Fail("cancelled", Cancelled);
        }
#pragma warning disable CA1031 // The last stop: whatever it is, a person gets one line and never a stack trace.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Fail(Describe(exception), BadInput);
        }
    }

    /// <summary>Prints one line of an error.</summary>
    /// <returns><paramref name="code"/>.</returns>
    public int Fail(string message, int code)
    {
        Warn(message);
        return code;
    }

    /// <summary>Prints one line that is not about a result; where that is not possible either, the exit code has to do.</summary>
    public void Warn(string message)
    {
        try
        {
            error.WriteLine($"rvq: {OneLine(message)}");
        }
        catch (IOException)
        {
        }
    }

    /// <summary>A text without control characters, which a file may have brought in.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    /// <summary>Has <paramref name="read"/> read a file, or standard input for "-"; its faults get the file's name.</summary>
    public T Read<T>(string path, Func<Stream, T> read)
    {
        try
        {
            using var stream = path == "-" ? openInput() : Directory.Exists(path) ? throw new InvalidDataException("It is a folder.")
                : File.OpenRead(path);
            return read(stream);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException
            && !exception.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>Notices before the work what would stop <see cref="Write"/> after it, and refuses an output that is an input too.</summary>
    /// <param name="path">The output.</param>
    /// <param name="inputs">The command's inputs.</param>
    /// <exception cref="InvalidDataException">The output is an input.</exception>
    /// <exception cref="IOException">The output's folder is missing or read-only, its disk is full, or it is nothing to write
    /// to.</exception>
    public void CheckOutput(string path, params IEnumerable<string> inputs)
    {
        if (inputs.FirstOrDefault(input => SameFile.WouldOverwrite(path, input)) is { } overwritten)
        {
            throw new InvalidDataException($"{path}: It is {overwritten}, which the command reads; another output is needed.");
        }

        CheckRoom(path, 0);
    }

    /// <summary>Notices before the work that a disk has no room for so many bytes.</summary>
    /// <exception cref="IOException">It has not, or as <see cref="CheckOutput"/>.</exception>
    public void CheckRoom(string path, long length)
    {
        if (SameFile.IsStandardOutput(path))
        {
            _ = openOutput();
        }
        else
        {
            OutputFile.Check(path, length);
        }
    }

    /// <summary>
    /// Has <paramref name="write"/> write an output by the rule of <see cref="OutputFile"/>, or standard output for "-" or another name of
    /// it.
    /// </summary>
    public void Write(string path, Action<Stream> write)
    {
        if (!SameFile.IsStandardOutput(path))
        {
            OutputFile.Write(path, write);
            return;
        }

        using var stream = openOutput();
        write(stream);
    }

    /// <summary>Says what was written: on standard output, or on standard error where the data went to standard output.</summary>
    public void Report(string path, string what)
    {
        if (SameFile.IsStandardOutput(path))
        {
            error.WriteLine($"standard output: {what}");
        }
        else
        {
            output.WriteLine($"{path}: {what}");
        }
    }

    /// <summary>Prints a document for programs: on standard output, or on standard error where the data went to standard output.</summary>
    public void Print<T>(T document, JsonTypeInfo<T> contract, string? path = null)
        => (path is not null && SameFile.IsStandardOutput(path) ? error : output).WriteLine(JsonSerializer.Serialize(document, contract));

    // Spectre.Console draws no progress while standard output is redirected, even on a standard error that is a terminal.
    private static IAnsiConsole Draw(TextWriter writer)
    {
        var target = new AnsiConsoleOutput(writer);
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = target,
            Interactive = target.IsTerminal ? InteractionSupport.Yes : InteractionSupport.Detect,
        });
    }

    /// <summary>A fault of an input in words that start with its path.</summary>
    public static string Named(string path, Exception fault)
        => Describe(fault) is var text && text.Contains(path, StringComparison.Ordinal) ? text : $"{path}: {text}";

    /// <summary>A fault in the words of the command.</summary>
    // A user of the command knows its options, not the API's properties. An ArgumentException's own message ends with the name of a
    // parameter, which means nothing to them either.
    public static string Describe(Exception exception)
    {
        var message = exception is ArgumentException { ParamName: { } name }
            ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
        return OptionNames.Aggregate(message, (text, name) => text.Replace(name.Property, name.Option, StringComparison.Ordinal));
    }
}
