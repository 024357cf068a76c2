using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Rvq.Tool.Report;
using Rvq.Training;

namespace Rvq.Tests.Tool.Report;

/// <summary>The numbers of a report, and that its page stands alone.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly ToolRun _tool = new();
    private readonly string _model;
    private readonly string _page;

    public ReportTests() => (_model, _page) = (_tool.File("model.safetensors"), _tool.File("report.html"));

    [Fact]
    public void Report_EveryStructureOfModel_HasTheNumbersOfTheDefinition()
    {
        foreach (var (model, name) in TestModels.All())
        {
            var frames = TestVectors.Normal(new Random(3), model.FramesPerBlock * 9 * model.Dimensions);
            Write(model, frames);
            _tool.Succeed("report", _model, _tool.File("frames.npy"), "-o", _page, "--beam", "1");
            var tables = Tables(File.ReadAllText(_page));
            Assert.Equal(["Rate and distortion", "Error per stage", "Used codewords and perplexity", "Histogram of use", "Codes over time"],
                tables.Select(table => table.Title));

            var codes = Oracle.Encode(model, frames);
            var energy = frames.Sum(value => (double)value * value);
            var blocks = codes.Length / model.CodesPerBlock;
            for (var count = 1; count <= model.CodebookCount; count++)
            {
                var prefix = model.Take(count);
                var kept = Enumerable.Range(0, blocks * prefix.CodesPerBlock)
                    .Select(i => codes[(i / prefix.CodesPerBlock * model.CodesPerBlock) + (i % prefix.CodesPerBlock)]).ToArray();
                var error = frames.Zip(new Dequantizer(prefix).Decode(kept), (x, y) => Math.Pow((double)x - y, 2)).Sum();
                var rate = tables[0].Rows[count - 1];
                Assert.Equal($"{count}", rate[0]);
                Near((double)prefix.BitsPerBlock / prefix.FramesPerBlock, rate[1], 0.006, name);
                Near(10 * Math.Log10(energy / error), rate[^1], 0.006, name);
                var stage = tables[1].Rows[count - 1];
                Near(error / (frames.Length / model.Dimensions), stage[1], error * 1e-4, name);
                Near(100 * error / energy, stage[2].TrimEnd('%', ' '), 0.006, name);

                var counts = CodebookStatistics.CountCodes<int>(model, codes, count - 1);
                Assert.Equal([$"{count}", $"{counts.Length}", $"{CodebookStatistics.UsedCodes(counts)}"], tables[2].Rows[count - 1][..3]);
                Near(CodebookStatistics.Perplexity(counts), tables[2].Rows[count - 1][3], 0.06, name);
                Assert.Equal(counts.Max(), counts[int.Parse(tables[3].Rows[count - 1][1], CultureInfo.InvariantCulture)]);
                Assert.Equal($"{counts.Count(value => value <= 1)}", tables[3].Rows[count - 1][4]);
            }

            var first = tables[4].Rows.SelectMany(row => row[1..]).Select(cell => int.Parse(cell, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(codes[..first.Length], first);
        }
    }

    [Fact]
    public void Report_Beam_IsNeverBelowGreedyAndWhatTheLibraryGives()
    {
        var random = new Random(1);
        var model = new RvqModel([.. Enumerable.Range(0, 4).Select(_ => TestModels.Codebook(random, 32, 6))])
        {
            SampleRate = 24000,
            HopLength = 320,
        };
        var frames = TestVectors.Normal(random, 200 * 6);
        Write(model, frames);
        _tool.Succeed("report", _model, _tool.File("frames.npy"), "-o", _page);
        var rows = Tables(File.ReadAllText(_page))[0].Rows;
        for (var count = 1; count <= 4; count++)
        {
            var prefix = model.Take(count);
            var decoded = new Dequantizer(prefix).Decode(new Quantizer(prefix, new QuantizerOptions { BeamWidth = 5 }).Encode(frames));
            Near(CodebookStatistics.SignalToNoiseRatio(frames, decoded), rows[count - 1][4], 0.006, "beam");
            Near(count * 5 * 75 / 1000.0, rows[count - 1][2], 0.006, "kbit/s");
            Assert.True(Parse(rows[count - 1][4]) >= Parse(rows[count - 1][3]) - 0.011);
        }

        Assert.Contains("75", File.ReadAllText(_page), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_Page_StandsAloneAndIsWellFormed()
    {
        // A perfect model: the last stage leaves nothing, so that ratios are infinite.
        ArithmeticModel.Create().Save(_model);
        Corpus.CorpusTree.Write(_tool.File("corpus"));
        _tool.Succeed("report", _model, _tool.File("corpus"), "-o", _page);
        var page = File.ReadAllText(_page);
        Assert.Contains("8 clips", page, StringComparison.Ordinal);
        Assert.Contains("373", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("https?:|src=|url\\(|@import|<script", page);
        Assert.DoesNotMatch("NaN|Infinity", page);
        var plots = Regex.Matches(page, "<svg.*?</svg>", RegexOptions.Singleline);
        Assert.Equal(5, plots.Count);
        foreach (var plot in plots.Select(match => XElement.Parse(match.Value)))
        {
            Assert.NotEmpty(plot.Attribute("aria-label")!.Value);
            foreach (var number in plot.Descendants().Attributes()
                .Where(attribute => attribute.Name.LocalName is "x" or "y" or "cx" or "cy" or "width" or "height"))
            {
                Assert.InRange(double.Parse(number.Value, CultureInfo.InvariantCulture), -1, 1000);
            }
        }

        var ids = Regex.Matches(page, " id=\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void Report_NamesFromFiles_AreEscaped()
    {
        var model = _tool.File("<img onerror=x>&.safetensors");
        ArithmeticModel.Create().Save(model);
        ArithmeticModel.Write(_tool.File("frames.npy"), [20, 4], index => ArithmeticModel.Frame(index[0], index[1]));
        _tool.Succeed("report", model, _tool.File("frames.npy"), "-o", _page);
        Assert.DoesNotContain("<img", File.ReadAllText(_page), StringComparison.Ordinal);
        Assert.Contains("&lt;img onerror=x&gt;&amp;.safetensors", File.ReadAllText(_page), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_Limit_TakesTheFirstFrames()
    {
        ArithmeticModel.Create().Save(_model);
        Corpus.CorpusTree.Write(_tool.File("corpus"));
        _tool.Succeed("report", _model, _tool.File("corpus"), "-o", _page, "--limit", "10");
        Assert.Contains("10 frames of 3 clips", _tool.Output, StringComparison.Ordinal);
        _tool.Fail(1, "no frames", "report", _model, _tool.File("corpus/speech/deep/é.npy"), "-o", _page);
        _tool.Fail(2, "--bogus", "report", _model, _tool.File("corpus"), "-o", _page, "--bogus");
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 0.003)]
    [InlineData(-3, 97)]
    [InlineData(0, 1024)]
    [InlineData(-2.68, 4.09)]
    [InlineData(-0.26, 0.07)]
    [InlineData(5, 5)]
    [InlineData(0, 0)]
    public void Axis_AnyRange_HasAFewRoundMarksAroundIt(double low, double high)
    {
        var axis = Axis.Of([low, high], 100, 0);
        var marks = axis.Marks().ToArray();
        Assert.InRange(marks.Length, 2, 12);
        Assert.Contains(marks, mark => mark.Value == 0);
        Assert.True(axis.From <= low && axis.To >= high);
        Assert.Equal(100, axis[axis.From], 9);
        Assert.Equal(0, axis[axis.To], 9);
        Assert.Equal(marks.Length, marks.Select(mark => mark.Text).Distinct().Count());
        Assert.All(marks, mark => Assert.Equal(mark.Value, double.Parse(mark.Text, CultureInfo.InvariantCulture), 9));
    }

    private static void Near(double expected, string actual, double tolerance, string name)
        => Assert.True(Math.Abs(expected - Parse(actual)) <= tolerance, $"{name}: {expected}, but the page says {actual}");

    private static double Parse(string cell) => cell == "∞" ? double.PositiveInfinity : double.Parse(cell, CultureInfo.InvariantCulture);

    private static (string Title, string[][] Rows)[] Tables(string page)
        => [.. Regex.Matches(page, "<section><h2>(.*?)</h2>.*?<tbody>(.*?)</tbody>", RegexOptions.Singleline).Select(section => (
            section.Groups[1].Value,
            Regex.Matches(section.Groups[2].Value, "<tr>(.*?)</tr>").Select(row => Regex.Matches(row.Groups[1].Value, "<td>(.*?)</td>")
                .Select(cell => WebUtility.HtmlDecode(cell.Groups[1].Value)).ToArray()).ToArray()))];

    private void Write(RvqModel model, float[] frames)
    {
        model.Save(_model);
        ArithmeticModel.Write(_tool.File("frames.npy"), [frames.Length / model.Dimensions, model.Dimensions],
            index => frames[(index[0] * model.Dimensions) + index[1]]);
    }

    public void Dispose() => _tool.Dispose();
}
