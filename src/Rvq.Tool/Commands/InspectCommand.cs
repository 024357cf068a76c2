using System.CommandLine;
using Rvq.Tool.Files;
using Spectre.Console;

namespace Rvq.Tool.Commands;

/// <summary>Shows what a model is made of.</summary>
internal static class InspectCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("inspect", "Show what a model is made of, or what an .rvq stream holds.");
        var model = new ModelInput(command);
        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var isStream = shell.Read(model.Path(given), stream =>
                {
                    var starts = RvqFile.Starts(ref stream);
                    if (starts)
                    {
                        StreamInspection.Print(shell, stream, cancellation);
                    }

                    return starts;
                });
                if (!isStream)
                {
                    Inspect(shell, model.Read(given));
                }
            },
            cancellation));
        return command;
    }

    private static void Inspect(Shell shell, RvqModel model)
    {
        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow("family", Markup.Escape(model.Family ?? "not stated"));
        facts.AddRow("frame", $"{model.Dimensions} values");
        facts.AddRow("codebooks", $"{model.CodebookCount}");
        if (model.FramesPerBlock > 1)
        {
            facts.AddRow("block", $"{model.FramesPerBlock} frames, {model.CodesPerBlock} codes");
        }

        facts.AddRow("bits per frame", Format.BitsPerFrame(model));
        if (model.FrameRate is { } rate)
        {
            facts.AddRow("frame rate", $"{Format.Number(rate)} Hz ({model.SampleRate} Hz / {model.HopLength})");
            facts.AddRow("bit rate", $"{Format.Number(model.BitsPerBlock * rate / model.FramesPerBlock / 1000)} kbit/s");
        }

        var table = new Table().AddColumns("stack", "codebooks", "codewords", "bits", "metric", "stride", "projections");
        var first = 0;
        for (var i = 0; i < model.Stacks.Length; i++)
        {
            var stages = model.Stacks[i].Stages;
            for (var (start, end) = (0, 0); start < stages.Length; start = end)
            {
                while (end < stages.Length && Describe(model.Stacks[i], stages[end]).SequenceEqual(Describe(model.Stacks[i], stages[start])))
                {
                    end++;
                }

                var range = end - start == 1 ? $"{first + start}" : $"{first + start}–{first + end - 1}";
                table.AddRow([$"{i}", range, .. Describe(model.Stacks[i], stages[start])]);
            }

            first += stages.Length;
        }

        shell.Console.Write(facts);
        shell.Console.Write(table);
    }

    private static string[] Describe(ResidualStack stack, Stage stage)
    {
        var projections = string.Join(", ", (IEnumerable<string>)
        [
            .. stack.InputProjection is null && stack.OutputProjection is null ? Array.Empty<string>() : [$"stack {stack.Dimensions}↔{stage.Dimensions}"],
            .. stage.InputProjection is null && stage.OutputProjection is null ? Array.Empty<string>() : [$"stage {stage.Dimensions}↔{stage.Codebook.Dimensions}"],
        ]);
        return
        [
            $"{stage.Codebook.Size} × {stage.Codebook.Dimensions}",
            $"{stage.Codebook.BitsPerCode}",
            $"{stage.Metric}",
            $"{stage.Stride}",
            projections.Length == 0 ? "none" : projections,
        ];
    }
}
