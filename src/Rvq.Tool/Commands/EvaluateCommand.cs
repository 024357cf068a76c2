using System.CommandLine;

namespace Rvq.Tool.Commands;

/// <summary>Shows what each codebook adds on given frames.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Shell shell)
    {
        var (model, frames) = (Arguments.Model(), Arguments.Frames());
        var (frameRate, channelsFirst, threads) = (Arguments.FrameRate(), Arguments.ChannelsFirst(), Arguments.Threads());
        var command = new Command("evaluate", "Show bits, error and use of every codebook on given frames.") { model, frames, frameRate, channelsFirst, threads };
        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var loaded = Inputs.ReadModel(given.GetRequiredValue(model));
                var path = given.GetRequiredValue(frames);
                var (array, layout) = Inputs.ReadFrames(shell, path, given.GetValue(channelsFirst), loaded.Dimensions);
                if (layout.Length == 0 || layout.Count % loaded.FramesPerBlock != 0)
                {
                    throw new InvalidDataException($"{path}: It has {layout.Count} frames, but a positive multiple of {loaded.FramesPerBlock} is needed.");
                }

                Evaluation.Print(
                    shell, loaded, layout.ToRows(array), given.GetValue(frameRate) ?? loaded.FrameRate, given.GetValue(threads), cancellation);
            },
            cancellation));
        return command;
    }
}
