using System.Globalization;
using Rvq.Streams;
using Spectre.Console;

namespace Rvq.Tool.Commands;

/// <summary>Shows what an .rvq stream holds, and whether it is sound.</summary>
internal static class StreamInspection
{
    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="InvalidDataException">The stream is damaged or was cut off; what it holds has been shown before.</exception>
    public static void Print(Shell shell, Stream stream, CancellationToken cancellation)
    {
        using var reader = RvqReader.Open(stream, options: new RvqReaderOptions { Recover = true }, leaveOpen: true);
        var (chunks, frames, codes, fewest, most) = (0L, 0L, 0L, int.MaxValue, 0);
        while (reader.ReadChunk() is { } chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            (chunks, frames, codes) = (chunks + 1, frames + chunk.FrameCount, codes + chunk.CodeCount);
            (fewest, most) = (Math.Min(fewest, chunk.CodebookCount), Math.Max(most, chunk.CodebookCount));
        }

        Facts(shell, reader, chunks, frames, codes, chunks == 0 ? "none" : fewest == most ? $"{most}" : $"{fewest} to {most}");
        if (reader.FirstFault is { } fault)
        {
            throw new InvalidDataException($"{fault} ({reader.FaultCount} faults, {reader.FramesLost} frames known to be lost)");
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
        facts.AddRow("fingerprint", header.Fingerprint == 0 ? "not stated" : header.Fingerprint.ToString("x32", CultureInfo.InvariantCulture));
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
