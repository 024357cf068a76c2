using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>The options that several commands have.</summary>
internal static class Options
{
    public static Option<string> Output(string file, string what) => new("--output", "-o")
    {
        Description = $"Where to write {what}; '-' for standard output.",
        HelpName = file,
        Required = true,
    };

    public static Option<bool> ChannelsFirst() => new("--channels-first")
    {
        Description = "The frame axis comes last: [D, T] or [B, D, T], and codes [N, T] or [B, N, T].",
    };

    public static Option<int?> Codebooks() => new("--codebooks")
    {
        Description = "Use the first N codebooks only.",
        HelpName = "N",
        CustomParser = result => ParseCount(result),
    };

    public static Option<int> Threads()
        => Count("--threads", "The threads to use; they change nothing but time.", Environment.ProcessorCount);

    public static Option<int?> Beam() => new("--beam")
    {
        Description = "The partial stacks kept at every stage: with 1 every stage takes its nearest codeword; more lower the error, as "
            + "faiss does it, and take longer. By default what the model's file says (faiss), else 1.",
        HelpName = "N",
        CustomParser = result => ParseCount(result),
    };

    /// <summary>The type of the values of arrays, of which the first is the default.</summary>
    public static Option<NpyElement<T>> ElementType<T>(NpyElement<T>[] elements)
        where T : unmanaged
    {
        string[] names = [.. elements.Select(element => element.Name)];
        var option = new Option<NpyElement<T>>("--dtype")
        {
            Description = $"The type of the values of .npy and .npz outputs: {string.Join(", ", names)}; by default {names[0]}.",
            HelpName = "TYPE",
            CustomParser = result =>
            {
                if (Array.Find(elements, element => element.Name == result.Tokens[0].Value) is { } found)
                {
                    return found;
                }

                result.AddError($"--dtype must be one of {string.Join(", ", names)}, but is '{result.Tokens[0].Value}'.");
                return elements[0];
            },
        };
        option.CompletionSources.Add(names);
        return option;
    }

    /// <summary>The type given, or the default.</summary>
    /// <exception cref="InvalidDataException">One is given, but the output is no array.</exception>
    public static NpyElement<T> Element<T>(
        ParseResult given, Option<NpyElement<T>> option, NpyElement<T>[] elements, bool isArray, string? output)
        where T : unmanaged
        => given.GetValue(option) is not { } element ? elements[0]
            : isArray ? element
            : throw new InvalidDataException(
                $"{(output is null ? "" : $"{output}: ")}--dtype is for outputs that are arrays, .npy and .npz.");

    public static Option<bool> Json() => new("--json") { Description = "Print a JSON document for programs instead; see below." };

    public static Option<double?> FrameRate()
        => Positive("--frame-rate", "HZ", "Frames per second, for kbit/s; by default what the model says.");

    /// <summary>A number above 0.</summary>
    public static Option<double?> Positive(string name, string unit, string description) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0
                && double.IsFinite(value))
            {
                return value;
            }

            result.AddError($"{name} must be a number above 0, but is '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    /// <summary>A number from 1 on.</summary>
    public static Option<int> Count(string name, string description, int value) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => value,
        CustomParser = ParseCount,
    };

    /// <summary>Reads a number from 1 on.</summary>
    public static int ParseCount(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1)
        {
            return count;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name} must be a whole number from 1 to {int.MaxValue}, but is '{text}'.");
        return 1;
    }
}
