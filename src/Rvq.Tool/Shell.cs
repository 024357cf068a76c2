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

    /// <summary>Where results are printed.</summary>
    public TextWriter Output => output;

    /// <summary>Where errors are printed.</summary>
    public TextWriter Error => error;

    /// <summary>Where tables and progress are drawn.</summary>
    public IAnsiConsole Console { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

    /// <summary>Runs a command's work and turns what goes wrong into an exit code and one line.</summary>
    public Task<int> Run(Action work, CancellationToken cancellation) => Task.Run(
        () =>
        {
            try
            {
                work();
                return Success;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return Fail("cancelled", Cancelled);
            }
#pragma warning disable CA1031 // The last stop: whatever it is, a person gets one line and never a stack trace.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return Fail(Message(exception), BadInput);
            }
        },
        CancellationToken.None);

    /// <summary>Prints one line of an error.</summary>
    /// <returns><paramref name="code"/>.</returns>
    public int Fail(string message, int code)
    {
        Warn(message);
        return code;
    }

    /// <summary>Prints one line that is not about a result.</summary>
    public void Warn(string message) => error.WriteLine($"rvq: {OneLine(message)}");

    /// <summary>A text without control characters, which a file may have brought in.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    /// <summary>Has <paramref name="read"/> read a file, or standard input for "-"; its faults get the file's name.</summary>
    public T Read<T>(string path, Func<Stream, T> read)
    {
        try
        {
            using var stream = path == "-" ? openInput() : File.OpenRead(path);
            return read(stream);
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException && !exception.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>Has <paramref name="write"/> write a file, whole or not at all, or standard output for "-".</summary>
    public void Write(string path, Action<Stream> write)
    {
        if (path != "-")
        {
            Files.OutputFile.Write(path, write);
            return;
        }

        using var stream = openOutput();
        write(stream);
    }

    /// <summary>Says what was written; not where it went to standard output.</summary>
    public void Report(string path, string what)
    {
        if (path != "-")
        {
            output.WriteLine($"{path}: {what}");
        }
    }

    // An ArgumentException's own message ends with the name of a parameter, which means nothing to the user of a command.
    private static string Message(Exception exception)
        => exception is ArgumentException { ParamName: { } name } ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
}
