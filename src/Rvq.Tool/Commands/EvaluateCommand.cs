using System.CommandLine;
using Rvq.Tool.Json;

namespace Rvq.Tool.Commands;

/// <summary>Shows what each codebook adds on given frames.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand("evaluate", "Show bits, error and use of every codebook on given frames.")
        {
            Examples =
            [
                "rvq evaluate model.safetensors frames.npy",
                "rvq evaluate model.safetensors frames.npy --frame-rate 75 --beam 4",
                "rvq evaluate model.safetensors frames.npy --bitrate 3 --json",
            ],
            Json = "{schema: \"rvq.evaluation/1\", frames, dimensions, frameRate, beamWidth, "
                + $"rows: {RowJson}}}",
        };
        var (model, frames, codebooks) = (new ModelInput(command), new FrameInput(command), new CodebookChoice(command));
        var (frameRate, beam, threads, json) = (Options.FrameRate(), Options.Beam(), Options.Threads(), Options.Json());
        foreach (var option in (Option[])[frameRate, beam, threads, json])
        {
            command.Add(option);
        }

        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var loaded = codebooks.Apply(given, model.Read(given), model.Path(given));
                var (rows, _) = frames.ReadRows(shell, given, loaded.Dimensions, loaded.FramesPerBlock);
                var (rate, beamWidth) = (given.GetValue(frameRate) ?? loaded.FrameRate, given.GetValue(beam) ?? loaded.BeamWidth ?? 1);
                var measured = Evaluation.Measure(loaded, rows, rate, beamWidth, given.GetValue(threads), cancellation);
                var count = rows.Length / loaded.Dimensions;
                if (given.GetValue(json))
                {
                    shell.Print(
                        new EvaluationDocument("rvq.evaluation/1", count, loaded.Dimensions, rate, beamWidth, measured),
                        Documents.Plain.EvaluationDocument);
                }
                else
                {
                    Evaluation.Print(shell.Console, measured, $"{count} frames{(beamWidth > 1 ? $", beam {beamWidth}" : "")}");
                }
            },
            cancellation));
        return command;
    }

    /// <summary>The rows of the document, for the help.</summary>
    internal const string RowJson = "[{codebookCount, bitsPerFrame, kilobitsPerSecond, signalToNoiseRatio (dB; null without error), "
        + "codebookSize, usedCodes, perplexity}]";
}
