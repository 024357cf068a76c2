using System.Globalization;

namespace Rvq.Tool;

/// <summary>Numbers as people read them.</summary>
internal static class Format
{
    /// <summary>The bits of a frame of a model, which is no whole number where several frames share a code.</summary>
    public static string BitsPerFrame(RvqModel model) => Number((double)model.BitsPerBlock / model.FramesPerBlock);

    /// <summary>At most two decimals.</summary>
    public static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Exactly that many decimals; ∞ where there is no error at all.</summary>
    public static string Fixed(double value, int decimals)
        => double.IsPositiveInfinity(value) ? "∞"
            : value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
