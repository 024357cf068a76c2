using System.Globalization;
using System.Text;

namespace Rvq.Tool.Report;

/// <summary>The four kinds of plot of a report.</summary>
internal static class Plots
{
    private const double Left = 44;
    private const double Right = Svg.Width - 8;
    private const int Shades = 12;

    /// <summary>Lines through points.</summary>
    public static string Lines(string description, string xName, string yName,
        params (string Name, string Style, IReadOnlyList<(double X, double Y)> Points)[] series)
    {
        const double Top = 28, Bottom = 198, Height = 234;
        var all = series.SelectMany(line => line.Points).ToArray();
        var (x, y) = (Axis.Of(all.Select(point => point.X), Left, Right), Axis.Of(all.Select(point => point.Y), Bottom, Top));
        var svg = new Svg(Height, description);
        Frame(svg, y, yName, Bottom);
        foreach (var (value, text) in x.Marks())
        {
            svg.Line(x[value], Bottom, x[value], Bottom + 4, "axis").Text(x[value], Bottom + 16, text, "middle");
        }

        svg.Text((Left + Right) / 2, Height - 4, xName, "middle");
        var place = Left;
        foreach (var (name, style, points) in series)
        {
            var drawn = points.Where(point => double.IsFinite(point.Y)).ToArray();
            svg.Path("M" + string.Join('L', drawn.Select(point => $"{Svg.Number(x[point.X])} {Svg.Number(y[point.Y])}")
                .DefaultIfEmpty("0 0")), $"line {style}");
            foreach (var point in drawn)
            {
                svg.Dot(x[point.X], y[point.Y], 2.6, $"dot {style}",
                    string.Create(CultureInfo.InvariantCulture, $"{name}: {point.X:0.##} {xName}, {point.Y:0.##} {yName}"));
            }

            svg.Line(place, 12, place + 16, 12, $"line {style}").Text(place + 20, 16, name);
            place += 36 + (7 * name.Length);
        }

        return svg.ToString();
    }

    /// <summary>A bar for each codebook, and a mark above it where there are two values.</summary>
    public static string Bars(string description, string yName, string barName, IReadOnlyList<double> bars, string? markName = null,
        IReadOnlyList<double>? marks = null)
    {
        const double Top = 28, Bottom = 198, Height = 234;
        var y = Axis.Of(bars.Concat(marks ?? []), Bottom, Top);
        var svg = new Svg(Height, description);
        Frame(svg, y, yName, Bottom);
        var width = (Right - Left) / bars.Count;
        for (var i = 0; i < bars.Count; i++)
        {
            var (x, thickness) = (Left + (i * width), Math.Min(width * 0.7, 40));
            var middle = x + (width / 2);
            if (double.IsFinite(bars[i]))
            {
                svg.Rectangle(
                    middle - (thickness / 2), Math.Min(y[bars[i]], y[0]), thickness, Math.Abs(y[0] - y[bars[i]]), "bar a",
                    string.Create(CultureInfo.InvariantCulture, $"codebook {i + 1}: {bars[i]:0.##} {barName}"));
            }

            if (marks is not null)
            {
                svg.Line(middle - (thickness / 2), y[marks[i]], middle + (thickness / 2), y[marks[i]], "line b");
            }

            if (IsLabelled(i, bars.Count))
            {
                svg.Text(middle, Bottom + 16, Text(i + 1), "middle");
            }
        }

        svg.Text((Left + Right) / 2, Height - 4, "codebook", "middle");
        svg.Rectangle(Left, 7, 10, 10, "bar a").Text(Left + 16, 16, barName);
        if (markName is not null)
        {
            var place = Left + 36 + (7 * barName.Length);
            svg.Line(place, 12, place + 16, 12, "line b").Text(place + 20, 16, markName);
        }

        return svg.ToString();
    }

    /// <summary>For each codebook its codewords in the order of their use, the most used first.</summary>
    public static string Usage(string description, IReadOnlyList<long[]> counts)
    {
        const int Bins = 64;
        var columns = counts.Count > 16 ? 6 : 4;
        const double Gap = 8, PanelHeight = 48, RowHeight = PanelHeight + 20;
        var panelWidth = (Svg.Width - ((columns - 1) * Gap)) / columns;
        var svg = new Svg(Math.Ceiling(counts.Count / (double)columns) * RowHeight, description);
        for (var i = 0; i < counts.Count; i++)
        {
            var (left, top) = (i % columns * (panelWidth + Gap), (i / columns * RowHeight) + 14);
            var ordered = counts[i].OrderDescending().ToArray();
            var bins = Math.Min(Bins, ordered.Length);
            var means = Enumerable.Range(0, bins)
                .Select(bin => ordered[(int)((long)bin * ordered.Length / bins)..(int)((bin + 1L) * ordered.Length / bins)].Average())
                    .ToArray();
            var y = new Axis(0, Math.Max(means[0], 1), top + PanelHeight, top);
            var path = new StringBuilder(
                string.Create(CultureInfo.InvariantCulture, $"M{Svg.Number(left)} {Svg.Number(top + PanelHeight)}"));
            for (var bin = 0; bin < bins; bin++)
            {
                path.Append(
                    CultureInfo.InvariantCulture, $"V{Svg.Number(y[means[bin]])}H{Svg.Number(left + ((bin + 1) * panelWidth / bins))}");
            }

            svg.Path($"{path}V{Svg.Number(top + PanelHeight)}Z", "bar a");
            svg.Line(left, top + PanelHeight, left + panelWidth, top + PanelHeight, "axis");
            svg.Line(left, y[ordered.Average()], left + panelWidth, y[ordered.Average()], "even");
            svg.Text(left, top - 3, Text(i + 1)).Text(left + panelWidth, top - 3, $"max {Text(ordered[0])}", "end");
        }

        return svg.ToString();
    }

    /// <summary>The codes of the first frames: time to the right, codebooks downwards.</summary>
    public static string Raster(string description, RvqModel model, ReadOnlySpan<int> codes)
    {
        const double Top = 6;
        var (blocks, count) = (codes.Length / model.CodesPerBlock, model.CodebookCount);
        var rowHeight = Math.Clamp(150.0 / count, 4, 16);
        var (bottom, frames) = (Top + (count * rowHeight), blocks * model.FramesPerBlock);
        var (left, x) = (24.0, new Axis(0, frames, 24, Right));
        var paths = Enumerable.Range(0, Shades).Select(_ => new StringBuilder()).ToArray();
        for (var (stage, first) = (0, 0); stage < count; stage++)
        {
            var (stride, size) = (model.Stages[stage].Stride, model.Stages[stage].Codebook.Size);
            var perBlock = model.FramesPerBlock / stride;
            for (var i = 0; i < blocks * perBlock; i++)
            {
                var code = codes[(i / perBlock * model.CodesPerBlock) + first + (i % perBlock)];
                var (start, end) = (x[i * stride], x[(i + 1) * stride]);
                paths[(int)((long)code * Shades / size)].Append(
                    CultureInfo.InvariantCulture,
                    $"M{Svg.Number(start)} {Svg.Number(Top + (stage * rowHeight))}"
                    + $"h{Svg.Number(end - start)}v{Svg.Number(rowHeight)}h-{Svg.Number(end - start)}z");
            }

            first += perBlock;
        }

        var svg = new Svg(bottom + 34, description);
        for (var shade = 0; shade < Shades; shade++)
        {
            svg.Path(paths[shade].ToString(), $"shade r{Text(shade)}");
        }

        for (var stage = 0; stage < count; stage++)
        {
            if (IsLabelled(stage, count))
            {
                svg.Text(left - 4, Top + ((stage + 0.5) * rowHeight) + 4, Text(stage + 1), "end");
            }
        }

        foreach (var (value, text) in x.Marks().Where(mark => mark.Value <= frames && mark.Value == Math.Floor(mark.Value)))
        {
            svg.Line(x[value], bottom, x[value], bottom + 4, "axis")
                .Text(x[value], bottom + 16, text, value == 0 ? "start" : value >= frames * 0.97 ? "end" : "middle");
        }

        return svg.Text((left + Right) / 2, bottom + 30, "frame", "middle").ToString();
    }

    private static void Frame(Svg svg, Axis y, string name, double bottom)
    {
        foreach (var (value, text) in y.Marks())
        {
            svg.Line(Left, y[value], Right, y[value], value == 0 ? "axis" : "grid").Text(Left - 5, y[value] + 4, text, "end");
        }

        svg.Line(Left, bottom, Right, bottom, "axis").Text(11, (bottom + 28) / 2, name, "middle", rotated: true);
    }

    // As many numbers as there is room for: 1, 2, 3 …, or every second, fourth and so on.
    private static bool IsLabelled(int index, int count)
    {
        var every = 1;
        while (count / every > 16)
        {
            every *= 2;
        }

        return every == 1 || index == 0 || (index + 1) % every == 0;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
