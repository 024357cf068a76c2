using System.Runtime.InteropServices;
using Rvq.Tool.Json;
using Rvq.Training;
using Spectre.Console;

namespace Rvq.Tool.Inspection;

/// <summary>Counts the codes of each codebook. Memory grows with the codes that occur, not with what a file claims.</summary>
internal sealed class CodeUsage
{
    private const int BarLength = 20;

    private readonly int?[] _sizes;
    private readonly Dictionary<int, long>[] _counts;

    /// <summary>Codebooks of those sizes; null where that is not known.</summary>
    public CodeUsage(params IEnumerable<int?> sizes)
    {
        _sizes = [.. sizes];
        _counts = [.. _sizes.Select(_ => new Dictionary<int, long>())];
    }

    /// <summary>Counts codes of one codebook; those below 0 stand for none.</summary>
    public void Add(int codebook, ReadOnlySpan<int> codes)
    {
        foreach (var code in codes)
        {
            if (code >= 0)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_counts[codebook], code, out _)++;
            }
        }
    }

    /// <summary>Counts rows of codes, in which each codebook has so many neighbours.</summary>
    public void AddRows(ReadOnlySpan<int> rows, ReadOnlySpan<int> widths)
    {
        while (!rows.IsEmpty)
        {
            for (var codebook = 0; codebook < widths.Length; codebook++)
            {
                Add(codebook, rows[..widths[codebook]]);
                rows = rows[widths[codebook]..];
            }
        }
    }

    /// <summary>What was counted.</summary>
    public CodebookUsage[] Result() =>
    [
        .. _counts.Select((counts, codebook) => new CodebookUsage(
            _sizes[codebook],
            counts.Count,
            counts.Count == 0 ? -1 : counts.Keys.Max(),
            counts.Count == 0 ? 0 : CodebookStatistics.Perplexity(counts.Values.Order().ToArray()))),
    ];

    /// <summary>Draws a bar for each codebook.</summary>
    public void Print(IAnsiConsole console)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in (IEnumerable<string>)["codebook", "used", "perplexity"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("usage");
        foreach (var (codebook, usage) in Result().Index())
        {
            // Where the size is not known, the largest code stands for it.
            var size = usage.Size ?? (usage.Largest + 1);
            var share = size == 0 ? 0 : (double)usage.Used / size;
            var filled = Math.Clamp((int)Math.Round(share * BarLength), usage.Used > 0 ? 1 : 0, BarLength);
            table.AddRow(
                $"{codebook}",
                usage.Size is null ? $"{usage.Used} (largest {usage.Largest})" : $"{usage.Used} of {usage.Size}",
                Format.Fixed(usage.Perplexity, 1),
                $"{new string('█', filled)}{new string('░', BarLength - filled)} {Format.Fixed(100 * share, 0)} %");
        }

        console.Write(table);
    }
}
