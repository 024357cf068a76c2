using System.Globalization;
using System.Text;
using Rvq.Tool.Parquet;
using Rvq.Training;

namespace Rvq.Tool.Report;

/// <summary>
/// A report as one page that needs nothing beside it and asks no network: plots in line, and a table of numbers under each.
/// </summary>
internal static class HtmlReport
{
    private const int CodesInTable = 20;

    /// <summary>Writes the page.</summary>
    public static string Create(ReportData data)
    {
        var model = data.Model;
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light "
                + "dark\">")
            .Append("<link rel=\"icon\" href=\"data:,\">")
            .Append(CultureInfo.InvariantCulture,
                $"<title>{Svg.Escape(data.ModelName)}: codes and error</title><style>{Style()}</style></head><body><main>\n")
            .Append(CultureInfo.InvariantCulture,
                $"<h1>{Svg.Escape(data.ModelName)}</h1>\n<p class=\"lead\">{Svg.Escape(model.ToString())}</p>\n");
        Facts(page, data);
        page.Append("<div class=\"figures\">\n");
        Rate(page, data);
        Errors(page, data);
        Use(page, data);
        Histogram(page, data);
        page.Append("</div>\n");
        Raster(page, data);
        return page.Append("</main></body></html>\n").ToString();
    }

    private static void Facts(StringBuilder page, ReportData data)
    {
        var model = data.Model;
        var sizes = model.Stages.ToArray().Select(stage => stage.Codebook.Size).Distinct().ToArray();
        var last = data.Greedy[^1];
        List<(string, string)> facts =
        [
            ("codebooks", $"{Whole(model.CodebookCount)} × {string.Join(", ", sizes.Select(size => Whole(size)))} codewords"),
            ("frame", $"{Whole(model.Dimensions)} values"),
            ("bits a frame", Number(last.BitsPerFrame)),
        ];
        if (model.FramesPerBlock > 1)
        {
            facts.Add(("block", $"{Whole(model.FramesPerBlock)} frames, {Whole(model.CodesPerBlock)} codes"));
        }

        if (data.FrameRate is { } rate)
        {
            facts.Add(("frames a second", Number(rate)));
            facts.Add(("bit rate", $"{Number(last.BitsPerFrame * rate / 1000)} kbit/s"));
        }

        facts.Add(("frames here",
            $"{Whole(data.FrameCount)}{(data.FrameRate is { } perSecond ? $" ({Number(data.FrameCount / perSecond)} s)" : "")}"));
        facts.Add(("from", data.Frames));
        facts.Add(("signal to noise", $"{Format.Fixed(last.Ratio, 2)} dB"));
        facts.Add(("fingerprint", CodesTable.FingerprintOf(model)));
        page.Append("<dl>");
        foreach (var (name, value) in facts)
        {
            page.Append(CultureInfo.InvariantCulture, $"<div><dt>{Svg.Escape(name)}</dt><dd>{Svg.Escape(value)}</dd></div>");
        }

        page.Append("</dl>\n");
    }

    private static void Rate(StringBuilder page, ReportData data)
    {
        var (factor, unit) = data.FrameRate is { } rate ? (rate / 1000, "kbit/s") : (1, "bits a frame");
        (double, double)[] Points(RatePoint[] points) => [.. points.Select(point => (point.BitsPerFrame * factor, point.Ratio))];
        var greedy = ("greedy", "a", Points(data.Greedy));
        var plot = data.Beam.Length == 0
            ? Plots.Lines("Signal-to-noise ratio by bit rate", unit, "SNR in dB", greedy)
            : Plots.Lines(
                "Signal-to-noise ratio by bit rate", unit, "SNR in dB", greedy, ($"beam {Whole(data.BeamWidth)}", "b", Points(data.Beam)));
        string[] head = ["codebooks", "bits a frame", .. data.FrameRate is null ? Array.Empty<string>() : ["kbit/s"], "SNR greedy, dB",
            .. data.Beam.Length == 0 ? Array.Empty<string>() : [$"SNR beam {Whole(data.BeamWidth)}, dB"]];
        Figure(page, "Rate and distortion", "What every further codebook costs and gives.", plot, head,
            data.Greedy.Select((point, i) => (string[])
        [
            Whole(point.Codebooks), Number(point.BitsPerFrame), .. data.FrameRate is null ? Array.Empty<string>()
                : [Format.Fixed(point.BitsPerFrame * factor, 2)],
            Format.Fixed(point.Ratio, 2), .. data.Beam.Length == 0 ? Array.Empty<string>() : [Format.Fixed(data.Beam[i].Ratio, 2)],
        ]));
    }

    private static void Errors(StringBuilder page, ReportData data)
    {
        double Before(int i) => i == 0 ? data.Energy : data.Greedy[i - 1].Error;
        double[] gains = [.. data.Greedy.Select((point, i) => 10 * Math.Log10(Before(i) / point.Error))];
        var plot = Plots.Bars("How far each codebook lowers the error", "dB", "dB less error", gains);
        Figure(page, "Error per stage", "How far each codebook lowers the squared error that those before it leave.", plot,
            ["codebook", "squared error a frame", "left of the signal", "lowered by, dB"],
            data.Greedy.Select((point, i) => (string[])
            [
                Whole(i + 1), point.Error.ToString("G5", CultureInfo.InvariantCulture),
                data.Energy > 0 ? $"{Format.Fixed(100 * point.Error / data.Energy, 2)} %" : "–", Format.Fixed(gains[i], 2),
            ]));
    }

    private static void Use(StringBuilder page, ReportData data)
    {
        double[] used = [.. data.Counts.Select(counts => (double)CodebookStatistics.UsedCodes(counts))];
        double[] perplexity = [.. data.Counts.Select(counts => CodebookStatistics.Perplexity(counts))];
        var plot = Plots.Bars("Used codewords and perplexity of each codebook", "codewords", "perplexity", perplexity, "used", used);
        Figure(page, "Used codewords and perplexity",
            "The perplexity is the number of codewords that, used evenly, would carry as much information.", plot,
            ["codebook", "codewords", "used", "perplexity", "bits"],
            data.Counts.Select((counts, i) => (string[])
            [
                Whole(i + 1), Whole(counts.Length), Whole((long)used[i]), Format.Fixed(perplexity[i], 1),
                Format.Fixed(perplexity[i] > 0 ? Math.Log2(perplexity[i]) : 0, 2),
            ]));
    }

    private static void Histogram(StringBuilder page, ReportData data)
    {
        var plot = Plots.Usage("Codewords of each codebook in the order of their use", data.Counts);
        Figure(page, "Histogram of use", "Each codebook's codewords, the most used first; the dashed line is even use.", plot,
            ["codebook", "most used code", "its share", "median count", "used once or never"],
            data.Counts.Select((counts, i) =>
            {
                var (most, total) = (Array.IndexOf(counts, counts.Max()), counts.Sum());
                return (string[])
                [
                    Whole(i + 1), Whole(most), total > 0 ? $"{Format.Fixed(100.0 * counts[most] / total, 2)} %" : "–",
                    Whole(counts.Order().ElementAt(counts.Length / 2)), Whole(counts.Count(count => count <= 1)),
                ];
            }));
    }

    private static void Raster(StringBuilder page, ReportData data)
    {
        var model = data.Model;
        var rows = data.FirstCodes.Length / model.CodesPerBlock;
        var plot = Plots.Raster("Codes over time", model, data.FirstCodes);
        var names = model.FramesPerBlock == 1 ? "frame" : $"block of {Whole(model.FramesPerBlock)} frames";
        Figure(page, "Codes over time",
            $"The codes of the first {Whole(rows * model.FramesPerBlock)} frames, a row for each codebook; dark is code 0, bright the "
            + "last.", plot,
            [names, .. Enumerable.Range(1, model.CodesPerBlock).Select(i => Whole(i))],
            Enumerable.Range(0, Math.Min(rows, CodesInTable)).Select(row => (string[])
            [
                Whole(row), .. data.FirstCodes[(row * model.CodesPerBlock)..((row + 1) * model.CodesPerBlock)].Select(code => Whole(code)),
            ]));
    }

    private static void Figure(StringBuilder page, string title, string text, string plot, string[] head, IEnumerable<string[]> rows)
    {
        page.Append(CultureInfo.InvariantCulture, $"<section><h2>{Svg.Escape(title)}</h2><p>{Svg.Escape(text)}</p>{plot}\n")
            .Append(CultureInfo.InvariantCulture,
                $"<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{Svg.Escape(title)}: numbers\"><table><thead><tr>");
        foreach (var cell in head)
        {
            page.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Svg.Escape(cell)}</th>");
        }

        page.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            page.Append("<tr>");
            foreach (var cell in row)
            {
                page.Append(CultureInfo.InvariantCulture, $"<td>{Svg.Escape(cell)}</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div></section>\n");
    }

    private static string Style()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")
            ?? throw new InvalidDataException("The resource report.css is missing from the command.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => Format.Number(value);
}
