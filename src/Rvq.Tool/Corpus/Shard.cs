using System.Globalization;

namespace Rvq.Tool.Corpus;

/// <summary>
/// One of several equal parts of a list of inputs: every <paramref name="Count"/>th from number <paramref name="Index"/> on.
/// </summary>
/// <param name="Index">The part, from 0 on.</param>
/// <param name="Count">The number of parts.</param>
internal readonly record struct Shard(int Index, int Count)
{
    /// <summary>The whole list.</summary>
    public static Shard All => new(0, 1);

    /// <summary>Whether an input belongs to the part.</summary>
    public bool Has(int position) => position % Count == Index;

    /// <summary>Reads "2/8", or "slurm" for what the environment of a task of a Slurm job array says.</summary>
    /// <exception cref="FormatException">It is neither, or the part is not one of so many.</exception>
    public static Shard Parse(string text, Func<string, string?> environment)
    {
        if (text == "slurm")
        {
            var (index, first, count) = (Number("SLURM_ARRAY_TASK_ID"), Number("SLURM_ARRAY_TASK_MIN"), Number("SLURM_ARRAY_TASK_COUNT"));
            var (last, step) = (Number("SLURM_ARRAY_TASK_MAX"), Number("SLURM_ARRAY_TASK_STEP"));
            return step > 0 && (index - first) % step == 0 && ((last - first) / step) + 1 == count
                ? Checked((index - first) / step, count, text)
                : throw new FormatException("--shard slurm needs an array without gaps, such as --array=0-7.");
        }

        var parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var part)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            ? Checked(part, of, text)
            : throw new FormatException($"--shard must be a part and their number, 0/8 to 7/8, or slurm, but is '{text}'.");

        int Number(string name) => int.TryParse(environment(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"--shard slurm needs {name}, which a task of a Slurm job array has.");
    }

    private static Shard Checked(int index, int count, string text) => index < count
        ? new Shard(index, count)
        : throw new FormatException($"--shard must be from 0/{count} to {count - 1}/{count}, but is '{text}'.");
}
