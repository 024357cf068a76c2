using System.Globalization;

namespace Rvq.Tool.Report;

/// <summary>Values to places along one side of a plot, and the round numbers that are marked there.</summary>
/// <param name="From">The value at <paramref name="Start"/>.</param>
/// <param name="To">The value at <paramref name="End"/>.</param>
/// <param name="Start">A place.</param>
/// <param name="End">Another.</param>
internal readonly record struct Axis(double From, double To, double Start, double End)
{
    /// <summary>The place of a value.</summary>
    public double this[double value] => Start + ((value - From) / (To - From) * (End - Start));

    /// <summary>An axis that has all values, from and to round numbers.</summary>
    public static Axis Of(IEnumerable<double> values, double start, double end)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToArray();
        var (low, high) = (Math.Min(0, finite.Min()), finite.Max());
        high = high > low ? high : low + 1;

        // Rounding outwards widens the axis, for which wider steps may be right.
        for (var step = 0.0; step != (step = Step(high - low));)
        {
            (low, high) = (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
        }

        return new Axis(low, high, start, end);
    }

    /// <summary>The marked values and how they are written.</summary>
    public IEnumerable<(double Value, string Text)> Marks()
    {
        var step = Step(To - From);
        var decimals = Math.Max(0, (int)-Math.Floor(Math.Log10(step) + 1e-9));
        for (var i = Math.Round(From / step); i <= Math.Round(To / step); i++)
        {
            yield return (i * step, (i * step)
                .ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
        }
    }

    // 1, 2 or 5 times a power of ten, four to eight of them.
    private static double Step(double span)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(span / 4)));
        return span / 4 / power is var ratio && ratio >= 5 ? 5 * power : ratio >= 2 ? 2 * power : power;
    }
}
