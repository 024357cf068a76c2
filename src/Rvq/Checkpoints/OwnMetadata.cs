using System.Globalization;

namespace Rvq.Checkpoints;

/// <summary>Reads the metadata that <see cref="OwnFormat"/> writes, refusing what it would not have written.</summary>
internal sealed class OwnMetadata(IReadOnlyDictionary<string, string> values)
{
    public string? Optional(string key) => values.GetValueOrDefault(key);

    public string Required(string key) => Optional(key) ?? throw new InvalidDataException($"The metadata lacks {key}.");

    public int? Integer(string key) => Optional(key) is { } text ? Parse(key, text) : null;

    public int[] Integers(string key) => Array.ConvertAll(Required(key).Split(','), text => Parse(key, text));

    public static SearchMetric Metric(string text)
    {
        foreach (var metric in Enum.GetValues<SearchMetric>())
        {
            if (text == metric.ToString())
            {
                return metric;
            }
        }

        throw new InvalidDataException(
            $"The metadata has the metric {TensorEntry.Quote(text)}; {string.Join(", ", Enum.GetNames<SearchMetric>())} are known.");
    }

    private static int Parse(string key, string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new InvalidDataException(
                $"The metadata {key} has {TensorEntry.Quote(text)} where a number from 1 to {int.MaxValue} belongs.");
}
