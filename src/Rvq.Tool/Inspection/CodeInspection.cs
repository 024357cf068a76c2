using System.Globalization;
using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Tool.Json;
using Spectre.Console;

namespace Rvq.Tool.Inspection;

/// <summary>Shows what a .npy, .ecdc or .dac file of codes holds.</summary>
internal static class CodeInspection
{
    private static readonly int? TenBits = 1024;

    /// <summary>Shows an .ecdc file.</summary>
    public static void PrintEcdc(Shell shell, Stream stream, bool json)
    {
        var file = EcdcFile.Read(WholeFile.Read(stream).Span);
        var usage = new CodeUsage(Enumerable.Repeat(TenBits, file.CodebookCount));
        usage.AddRows(file.Codes, [.. Enumerable.Repeat(1, file.CodebookCount)]);
        Print(shell, json, "ecdc", 1, file.Codes.Length, file.FrameRate, usage, new Dictionary<string, string>
        {
            ["model"] = file.ModelName,
            ["sampleRate"] = Text(file.SampleRate),
            ["samples"] = Text(file.AudioLength),
            ["segments"] = Text(file.SegmentCount),
        });
    }

    /// <summary>Shows a .dac file.</summary>
    public static void PrintDac(Shell shell, Stream stream, bool json)
    {
        var file = DacFile.Read(WholeFile.Read(stream).Span);
        var usage = new CodeUsage(Enumerable.Repeat<int?>(null, file.CodebookCount));
        for (var signal = 0; signal < file.SignalCount; signal++)
        {
            usage.AddRows([.. file.GetCodes(signal).ToArray().Select(code => (int)code)], [.. Enumerable.Repeat(1, file.CodebookCount)]);
        }

        var metadata = new Dictionary<string, string>();
        foreach (var (name, value) in new[]
            { ("sampleRate", file.SampleRate), ("samples", file.OriginalLength), ("chunkLength", file.ChunkLength), ("channels", file.ChannelCount) })
        {
            if (value is { } number)
            {
                metadata[name] = Text(number);
            }
        }

        Print(shell, json, "dac", file.SignalCount, (long)file.SignalCount * file.FrameCount * file.CodebookCount, frameRate: null, usage, metadata);
    }

    /// <summary>Shows a .npy file of codes, [T, N] or [B, T, N].</summary>
    public static void PrintNpy(Shell shell, Stream stream, bool json, string path)
    {
        var array = NpyReader.ReadInt32(stream);
        var layout = VectorLayout.Of(array, channelsFirst: false, path);
        var usage = new CodeUsage(Enumerable.Repeat<int?>(null, layout.Width));
        usage.AddRows(layout.ToRows(array.Values), [.. Enumerable.Repeat(1, layout.Width)]);
        var metadata = new Dictionary<string, string> { ["shape"] = $"[{string.Join(", ", array.Shape)}]" };
        Print(shell, json, "npy", layout.Batch, layout.Length, frameRate: null, usage, metadata);
    }

    private static void Print(
        Shell shell, bool json, string format, int sequences, long codes, double? frameRate, CodeUsage usage, Dictionary<string, string> metadata)
    {
        var codebooks = usage.Result();
        var frames = codebooks.Length == 0 ? 0 : codes / codebooks.Length;
        if (json)
        {
            shell.Print(
                new CodesDocument("rvq.codes/1", format, sequences, frames, codes, frameRate, null, true, null, metadata, codebooks), Documents.Plain.CodesDocument);
            return;
        }

        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow("file", $".{format}");
        facts.AddRow("codebooks", $"{codebooks.Length}");
        facts.AddRow("sequences", $"{sequences}");
        facts.AddRow("frames", $"{frames}");
        facts.AddRow("frame rate", frameRate is { } rate ? $"{Format.Number(rate)} Hz" : "not stated");
        foreach (var (name, value) in metadata)
        {
            facts.AddRow(Markup.Escape(name), Markup.Escape(Shell.OneLine(value)));
        }

        shell.Console.Write(facts);
        usage.Print(shell.Console);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
