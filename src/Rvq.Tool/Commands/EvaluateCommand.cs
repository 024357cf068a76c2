using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>Shows what each codebook adds on given frames.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("evaluate", "Show bits, error and use of every codebook on given frames.");
        var (model, frames) = (new ModelInput(command), new FrameInput(command));
        var (frameRate, threads) = (Options.FrameRate(), Options.Threads());
        command.Add(frameRate);
        command.Add(threads);
        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var loaded = model.Read(given);
                var (rows, _) = frames.ReadRows(shell, given, loaded.Dimensions, loaded.FramesPerBlock);
                Evaluation.Print(shell.Console, loaded, rows, "frames", given.GetValue(frameRate) ?? loaded.FrameRate, given.GetValue(threads), cancellation);
            },
            cancellation));
        return command;
    }
}
