using System.Globalization;
using System.Net;
using System.Text;

namespace Rvq.Tool.Report;

/// <summary>
/// A plot as SVG that stands in a page: its colours and its font are the page's, so that it follows dark and light, is text to readers and
/// searches, and
/// needs no file beside it. Four kinds of plot need lines, rectangles and text and nothing else, for which a plotting library would bring
/// 30 MB of
/// drawing code for every system, and plots in colours and fonts of their own.
/// </summary>
internal sealed class Svg
{
    /// <summary>
    /// The width of every plot in its own units, which is the width of a phone's page in pixels: text has its size there and grows from
    /// there.
    /// </summary>
    public const double Width = 360;

    private readonly StringBuilder _text = new();

    /// <summary>Starts a plot.</summary>
    /// <param name="height">The height; the width is <see cref="Width"/>.</param>
    /// <param name="description">What it shows, for those who cannot see it.</param>
    public Svg(double height, string description)
        => _text.Append(CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Number(height)}\" role=\"img\" aria-label=\"{Escape(description)}\">");

    /// <summary>A text as it may stand in HTML.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(Shell.OneLine(text));

    /// <summary>A coordinate.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Draws a text.</summary>
    /// <param name="x">Where its anchor is.</param>
    /// <param name="y">Where its baseline is.</param>
    /// <param name="text">The text.</param>
    /// <param name="anchor">start, middle or end.</param>
    /// <param name="style">Its class in the page's style.</param>
    /// <param name="rotated">Whether it runs upwards.</param>
    public Svg Text(double x, double y, string text, string anchor = "start", string style = "label", bool rotated = false)
    {
        var rotation = rotated ? $" transform=\"rotate(-90 {Number(x)} {Number(y)})\"" : "";
        _text.Append(CultureInfo.InvariantCulture,
            $"<text class=\"{style}\" x=\"{Number(x)}\" y=\"{Number(y)}\" text-anchor=\"{anchor}\"{rotation}>{Escape(text)}</text>");
        return this;
    }

    /// <summary>Draws a line.</summary>
    public Svg Line(double x1, double y1, double x2, double y2, string style)
        => Path($"M{Number(x1)} {Number(y1)}L{Number(x2)} {Number(y2)}", style);

    /// <summary>Draws a rectangle.</summary>
    /// <param name="x">Its left side.</param>
    /// <param name="y">Its top.</param>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="style">Its class.</param>
    /// <param name="title">What is shown where a pointer rests on it, or null.</param>
    public Svg Rectangle(double x, double y, double width, double height, string style, string? title = null)
        => Element("rect", $"x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(width)}\" height=\"{Number(height)}\"", style, title);

    /// <summary>Draws a dot.</summary>
    public Svg Dot(double x, double y, double radius, string style, string? title = null)
        => Element("circle", $"cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\"", style, title);

    /// <summary>Draws a path.</summary>
    public Svg Path(string path, string style) => Element("path", $"d=\"{path}\"", style, null);

    /// <summary>The plot.</summary>
    public override string ToString() => $"{_text}</svg>";

    private Svg Element(string name, string attributes, string style, string? title)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<{name} class=\"{style}\" {attributes}");
        _text.Append(title is null ? "/>" : $"><title>{Escape(title)}</title></{name}>");
        return this;
    }
}
