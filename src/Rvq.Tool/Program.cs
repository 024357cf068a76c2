using System.CommandLine;
using Rvq.Tool.Commands;

namespace Rvq.Tool;

/// <summary>The rvq command.</summary>
internal static class Program
{
    private static int Main(string[] args) => Run(
        args, new Shell(Console.Out, Console.Error, Console.OpenStandardInput, Console.OpenStandardOutput));

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code, one of those that <see cref="Shell"/> names.</returns>
    public static int Run(IReadOnlyList<string> args, Shell shell)
    {
        var root = new RootCommand("Residual vector quantization: frames to codes and back.")
        {
            DemoCommand.Create(shell),
            InspectCommand.Create(shell),
            EncodeCommand.Create(shell),
            DecodeCommand.Create(shell),
            EvaluateCommand.Create(shell),
            TrainCommand.Create(shell),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            var help = parsed.CommandResult.Command is RootCommand ? "rvq --help" : $"rvq {parsed.CommandResult.Command.Name} --help";
            return shell.Fail($"{string.Join(' ', parsed.Errors.Select(fault => fault.Message))} See '{help}'.", Shell.BadUsage);
        }

        // Ctrl-C first asks the command to stop, which removes its unfinished files; computing does not listen and is left behind.
        return parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = shell.Output,
            Error = shell.Error,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(1),
        }).GetAwaiter().GetResult();
    }
}
