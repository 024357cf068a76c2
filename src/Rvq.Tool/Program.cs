using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Rvq.Tool.Commands;

namespace Rvq.Tool;

/// <summary>The rvq command.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        using var termination = new Termination();
        var shell = new Shell(StandardStreams.Output, StandardStreams.Error, StandardStreams.OpenInput, StandardStreams.OpenOutput);
        return termination.ExitCode(Run(args, shell, termination.Token));
    }

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code, one of those that <see cref="Shell"/> names.</returns>
    public static int Run(IReadOnlyList<string> args, Shell shell, CancellationToken cancellation = default)
    {
        var root = new RootCommand("Residual vector quantization: frames to codes and back.")
        {
            DemoCommand.Create(shell),
            InspectCommand.Create(shell),
            EncodeCommand.Create(shell),
            DecodeCommand.Create(shell),
            ConvertCommand.Create(shell),
            EvaluateCommand.Create(shell),
            ReportCommand.Create(shell),
            TrainCommand.Create(shell),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new DocumentedHelp((SynchronousCommandLineAction)help.Action!);

        // '@list' is a list of inputs, which the commands read themselves: names with spaces, comments, standard input.
        var parsed = root.Parse(args.Count == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            var more = parsed.CommandResult.Command is RootCommand ? "rvq --help" : $"rvq {parsed.CommandResult.Command.Name} --help";
            return shell.Fail($"{string.Join(' ', parsed.Errors.Select(fault => fault.Message))} See '{more}'.", Shell.BadUsage);
        }

        // Signals are the caller's affair (see Termination), and help can fail too, on a full disk.
        var configuration = new InvocationConfiguration
        {
            Output = shell.Output,
            Error = shell.Error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        return shell.Guard(() => parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult(), cancellation);
    }
}
