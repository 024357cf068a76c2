using Rvq.Tool.Json;
using Spectre.Console;

namespace Rvq.Tool.Inspection;

/// <summary>Shows what a model is made of.</summary>
internal static class ModelInspection
{
    public static void Print(Shell shell, RvqModel model, bool json)
    {
        var document = ModelDocument.Of(model);
        if (json)
        {
            shell.Print(document, Documents.Plain.ModelDocument);
            return;
        }

        shell.Console.Write(Facts(document));
        shell.Console.Write(Stages(model));
    }

    private static Grid Facts(ModelDocument model)
    {
        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow("family", Markup.Escape(Shell.OneLine(model.Family ?? "not stated")));
        facts.AddRow("frame", $"{model.Dimensions} values");
        facts.AddRow("codebooks", $"{model.CodebookCount}");
        if (model.FramesPerBlock > 1)
        {
            facts.AddRow("block", $"{model.FramesPerBlock} frames, {model.CodesPerBlock} codes");
        }

        facts.AddRow("bits per frame", Format.Number(model.BitsPerFrame));
        if (model.FrameRate is { } rate && model.KilobitsPerSecond is { } bitrate)
        {
            facts.AddRow("frame rate", $"{Format.Number(rate)} Hz ({model.SampleRate} Hz / {model.HopLength})");
            facts.AddRow("bit rate", $"{Format.Number(bitrate)} kbit/s");
        }

        if (model.BeamWidth is { } beamWidth)
        {
            facts.AddRow("beam", $"{beamWidth}, as its file says; --beam 1 encodes greedily");
        }

        facts.AddRow("fingerprint", model.Fingerprint);
        return facts;
    }

    private static Table Stages(RvqModel model)
    {
        var table = new Table().AddColumns("stack", "codebooks", "codewords", "bits", "metric", "stride", "projections");
        var first = 0;
        for (var i = 0; i < model.Stacks.Length; i++)
        {
            var stages = model.Stacks[i].Stages;
            for (var (start, end) = (0, 0); start < stages.Length; start = end)
            {
                while (end < stages.Length
                    && Describe(model.Stacks[i], stages[end]).SequenceEqual(Describe(model.Stacks[i], stages[start])))
                {
                    end++;
                }

                var range = end - start == 1 ? $"{first + start}" : $"{first + start}–{first + end - 1}";
                table.AddRow([$"{i}", range, .. Describe(model.Stacks[i], stages[start])]);
            }

            first += stages.Length;
        }

        return table;
    }

    private static string[] Describe(ResidualStack stack, Stage stage)
    {
        var projections = string.Join(", ", (IEnumerable<string>)
        [
            .. stack.InputProjection is null && stack.OutputProjection is null ? Array.Empty<string>()
                : [$"stack {stack.Dimensions}↔{stage.Dimensions}"],
            .. stage.InputProjection is null && stage.OutputProjection is null ? Array.Empty<string>()
                : [$"stage {stage.Dimensions}↔{stage.Codebook.Dimensions}"],
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
