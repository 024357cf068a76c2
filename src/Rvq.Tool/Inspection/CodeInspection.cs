using Rvq.Tool.Files;
using Rvq.Tool.Json;
using Spectre.Console;

namespace Rvq.Tool.Inspection;

/// <summary>Shows what a .npy, .ecdc or .dac file of codes holds.</summary>
internal static class CodeInspection
{
    private const int MaxTextLength = 100;

    public static void Print(Shell shell, CodeFile file, bool json, string path)
    {
        var layout = VectorLayout.Of(file.Codes, channelsFirst: false, path);
        var usage = new CodeUsage(Enumerable.Range(0, layout.Width).Select(codebook => file.Header?.CodebookSizes[codebook]));
        usage.AddRows(layout.ToRows(file.Codes.Values), [.. Enumerable.Repeat(1, layout.Width)]);
        var (frames, frameRate) = ((long)layout.Batch * layout.Count, file.Header?.FrameRate);
        if (json)
        {
            shell.Print(
                new CodesDocument(
                    "rvq.codes/1", file.Format, layout.Batch, frames, layout.Length, frameRate, null, true, null, file.Metadata,
                    usage.Result()),
                Documents.Plain.CodesDocument);
            return;
        }

        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow("file", $".{file.Format}");
        facts.AddRow("codebooks", $"{layout.Width}");
        facts.AddRow("sequences", $"{layout.Batch}");
        facts.AddRow("frames", $"{frames}");
        facts.AddRow("frame rate", frameRate is { } rate ? $"{Format.Number(rate)} Hz" : "not stated");
        foreach (var (name, value) in file.Metadata)
        {
            facts.AddRow(Markup.Escape(name),
                Markup.Escape(Shell.OneLine(value.Length > MaxTextLength ? $"{value.AsSpan(0, MaxTextLength)}…" : value)));
        }

        shell.Console.Write(facts);
        usage.Print(shell.Console);
    }
}
