using Rvq.Streams;
using Rvq.Tool.Json;
using Spectre.Console;

namespace Rvq.Tool.Inspection;

/// <summary>Shows what an .rvq stream holds, and whether it is sound.</summary>
internal static class StreamInspection
{
    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged or was cut off; what it holds has been shown before.</exception>
    public static void Print(Shell shell, Stream stream, bool json, CancellationToken cancellation)
    {
        using var reader = RvqReader.Open(stream, options: new RvqReaderOptions { Recover = true }, leaveOpen: true);
        var header = reader.Header;
        var widths = new int[header.CodebookCount];
        for (var i = 0; i < widths.Length; i++)
        {
            widths[i] = header.GetCodesPerBlock(i + 1) - (i == 0 ? 0 : header.GetCodesPerBlock(i));
        }

        var usage = new CodeUsage(header.CodebookSizes.ToArray().Select(size => (int?)size));
        var (chunks, frames, codes, fewest, most) = (0L, 0L, 0L, int.MaxValue, 0);
        while (reader.ReadChunk() is { } chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            (chunks, frames, codes) = (chunks + 1, frames + chunk.FrameCount, codes + chunk.CodeCount);
            (fewest, most) = (Math.Min(fewest, chunk.CodebookCount), Math.Max(most, chunk.CodebookCount));
            usage.AddRows(chunk.ToArray(), widths.AsSpan(0, chunk.CodebookCount));
        }

        var fault = reader.FirstFault is { } first ? $"{first} ({reader.FaultCount} faults, {reader.FramesLost} frames known to be lost)"
            : null;
        if (json)
        {
            shell.Print(
                new CodesDocument(
                    "rvq.codes/1",
                    "rvq",
                    1,
                    frames,
                    codes,
                    header.FrameRate,
                    header.Fingerprint == 0 ? null : ModelDocument.Name(header.Fingerprint),
                    reader.IsComplete,
                    fault,
                    header.Metadata,
                    usage.Result()),
                Documents.Plain.CodesDocument);
        }
        else
        {
            Facts(shell, reader, chunks, frames, codes, chunks == 0 ? "none" : fewest == most ? $"{most}" : $"{fewest} to {most}");
            usage.Print(shell.Console);
        }

        if (fault is not null)
        {
            throw new InvalidDataException(fault);
        }
    }

    private static void Facts(Shell shell, RvqReader reader, long chunks, long frames, long codes, string codebooks)
    {
        var header = reader.Header;
        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow("codebooks", $"{header.CodebookCount} of {string.Join(", ", Runs(header.CodebookSizes))} codewords");
        facts.AddRow("in the chunks", codebooks);
        if (header.FramesPerBlock > 1)
        {
            facts.AddRow("block", $"{header.FramesPerBlock} frames, {header.GetCodesPerBlock(header.CodebookCount)} codes");
        }

        facts.AddRow("frame rate", header.FrameRate is { } rate ? $"{Format.Number(rate)} Hz" : "not stated");
        facts.AddRow("fingerprint", header.Fingerprint == 0 ? "not stated" : ModelDocument.Name(header.Fingerprint));
        facts.AddRow("chunks", $"{chunks}");
        facts.AddRow("frames", header.FrameRate is { } perSecond ? $"{frames} ({Format.Number(frames / perSecond)} s)" : $"{frames}");
        facts.AddRow("codes", $"{codes}");
        foreach (var (name, value) in header.Metadata)
        {
            facts.AddRow(Markup.Escape(Shell.OneLine(name)), Markup.Escape(Shell.OneLine(value)));
        }

        facts.AddRow("complete", reader.IsComplete ? "yes" : "no, it was cut off");
        shell.Console.Write(facts);
    }

    /// <summary>Sizes with their repetitions: "1024" or "4096 × 2, 1024".</summary>
    private static List<string> Runs(ReadOnlySpan<int> sizes)
    {
        var runs = new List<string>();
        for (var (start, end) = (0, 0); start < sizes.Length; start = end)
        {
            for (end = start + 1; end < sizes.Length && sizes[end] == sizes[start];)
            {
                end++;
            }

            runs.Add(end - start is var count && count == sizes.Length || count == 1 ? $"{sizes[start]}" : $"{sizes[start]} × {count}");
        }

        return runs;
    }
}
