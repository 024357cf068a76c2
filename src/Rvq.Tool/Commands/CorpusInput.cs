using System.CommandLine;
using System.CommandLine.Parsing;
using Rvq.Tool.Corpus;

namespace Rvq.Tool.Commands;

/// <summary>The inputs and options of a command that works on many inputs at once.</summary>
internal sealed class CorpusInput
{
    private readonly Func<ParseResult, string> _first;
    private readonly Option<string> _output;
    private readonly string[] _extensions;

    private readonly Argument<string[]> _more = new("MORE")
    {
        Description =
            "More inputs: files, folders (all that lies in them), @list.txt with an input a line, @- for such a list on standard input.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _folder = new("--output-dir")
    {
        Description = "Where to write an output for every input, in the same tree.",
        HelpName = "DIR",
    };

    private readonly Option<ClipFormat> _format;

    private readonly Option<bool> _resume = new("--resume")
    {
        Description = "Leave outputs alone that are whole, of this model and no older than their input.",
    };

    private readonly Option<Shard> _shard = new("--shard")
    {
        Description = "Do part i of n of the inputs, i from 0 on; 'slurm' takes both from a Slurm job array's task.",
        HelpName = "i/n",
        DefaultValueFactory = _ => Shard.All,
        CustomParser = ParseShard,
    };

    private readonly Option<string?> _root = new("--root")
    {
        Description = "The folder that outputs' names are relative to; by default each folder given, or the working folder.",
        HelpName = "DIR",
    };

    private readonly Option<string> _column;

    /// <summary>Lets a command have them.</summary>
    /// <param name="command">The command.</param>
    /// <param name="output">Its option for a single output, of which this or a folder must be given.</param>
    /// <param name="first">Its first input.</param>
    /// <param name="extensions">The ends of the names of the files taken from folders.</param>
    /// <param name="column">The column of lists in Parquet files.</param>
    /// <param name="formats">The formats of its outputs.</param>
    public CorpusInput(Command command, Option<string> output, Func<ParseResult, string> first, string[] extensions, string column,
        params ClipFormat[] formats)
    {
        (_output, _first, _extensions) = (output, first, extensions);
        output.Required = false;
        var names = string.Join(", ", formats.Select(format => format.ToString().ToLowerInvariant()));
        _format = new Option<ClipFormat>("--format")
        {
            Description = $"The format of the outputs in --output-dir: {names}.",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => ClipFormat.Npy,
        };
        _format.Validators.Add(result =>
        {
            if (!formats.Contains(result.GetValueOrDefault<ClipFormat>()))
            {
                result.AddError($"--format must be one of {names}.");
            }
        });
        _column = new Option<string>("--column")
        {
            Description = "The column of lists in Parquet inputs.",
            HelpName = "NAME",
            DefaultValueFactory = _ => column,
        };
        _more.Validators.Add(RefuseOptions);
        command.Add(_more);
        foreach (var option in (Option[])[_folder, _format, _resume, _shard, _root, _column])
        {
            command.Add(option);
        }

        command.Validators.Add(Validate);
    }

    /// <summary>Refuses unknown options, which are inputs where any number of inputs may come.</summary>
    public static void RefuseOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens.Where(token => token.Value.StartsWith('-') && token.Value.Length > 1))
        {
            result.AddError($"Unrecognized command or argument '{token.Value}'.");
        }
    }

    /// <summary>Whether the command line is about more than what an array or a stream each way can do.</summary>
    public bool IsMany(ParseResult given)
        => given.GetValue(_folder) is not null || given.GetValue(_more) is { Length: > 0 } || CorpusInputs.IsMany(_first(given))
        || IsTable(given.GetValue(_output)) || Path.GetExtension(_first(given)) is ".npz" or ".parquet";

    /// <summary>The column of Parquet inputs.</summary>
    public string Column(ParseResult given) => given.GetValue(_column)!;

    /// <summary>The format of the outputs.</summary>
    public ClipFormat Format(ParseResult given)
        => given.GetValue(_folder) is not null ? given.GetValue(_format) : Path.GetExtension(given.GetValue(_output)) switch
        {
            ".parquet" => ClipFormat.Parquet,
            ".rvq" => ClipFormat.Rvq,
            _ => ClipFormat.Npy,
        };

    /// <summary>Makes the outputs.</summary>
    /// <param name="shell">The shell.</param>
    /// <param name="given">The command line.</param>
    /// <param name="work">What the command does.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The exit code.</returns>
    public int Run<T>(Shell shell, ParseResult given, CorpusWork<T> work, CancellationToken cancellation)
    {
        var folder = given.GetValue(_folder);
        var inputs = new CorpusInputs(_extensions, given.GetValue(_root), folder);
        var items = inputs.Find([_first(given), .. given.GetValue(_more)!], shell);
        if (items.Count == 0)
        {
            throw new InvalidDataException($"There are no inputs: nothing that ends with {string.Join(", ", _extensions)}.");
        }

        var (format, shard) = (Format(given), given.GetValue(_shard));
        if (folder is not null)
        {
            var options = new CorpusOptions(folder, given.GetValue(_resume), shard, work.Threads, work.FrameRate);
            return new CorpusRun(shell, options).Run(
                items, item => ClipOutput.Extension(format, item.Path), work.Identity(format), work.IsWhole,
                (item, stream, progress) =>
                {
                    using var file = work.Open(item, progress);
                    work.Write(stream, file, format);
                },
                cancellation);
        }

        var output = given.GetRequiredValue(_output);
        CorpusItem[] part = [.. items.Where((_, position) => shard.Has(position))];
        if (format != ClipFormat.Parquet)
        {
            return part is [var single] ? WriteOne(shell, work, single, output, format)
                : throw new InvalidDataException(
                    $"{items.Count} inputs need --output-dir, or an output whose name ends with .parquet, which has a row for each clip.");
        }

        shell.CheckOutput(output, part.Select(item => item.Path));
        using var progress = new CorpusProgress(shell, part.Select(item => item.Path), work.FrameRate);
        var table = new CorpusTable(part, work.Threads, progress);
        shell.Write(output, stream => work.WriteTable(stream, table, progress));
        progress.Finish(output);
        return CorpusRun.Report(shell, table.Faults, part.Length);
    }

    private static int WriteOne<T>(Shell shell, CorpusWork<T> work, CorpusItem item, string output, ClipFormat format)
    {
        if (Path.GetExtension(output) != ClipOutput.Extension(format, item.Path))
        {
            throw new InvalidDataException(
                $"{output}: What {item.Path} holds can be written to {ClipOutput.Extension(format, item.Path)} or .parquet.");
        }

        shell.CheckOutput(output, item.Path);
        using var progress = new CorpusProgress(shell, [item.Path], work.FrameRate);
        try
        {
            using var file = work.Open(item, progress);
            shell.Write(output, stream => work.Write(stream, file, format));
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException)
        {
            throw new InvalidDataException(Shell.Named(item.Path, fault), fault);
        }

        progress.Done(item.Path);
        progress.Finish(output);
        return Shell.Success;
    }

    private static bool IsTable(string? path) => Path.GetExtension(path) == ".parquet";

    private static Shard ParseShard(ArgumentResult result)
    {
        try
        {
            return Shard.Parse(result.Tokens[0].Value, Environment.GetEnvironmentVariable);
        }
        catch (FormatException fault)
        {
            result.AddError(fault.Message);
            return Shard.All;
        }
    }

    private void Validate(CommandResult result)
    {
        var (output, folder) = (result.GetResult(_output) is not null, result.GetResult(_folder) is not null);
        if (output == folder)
        {
            result.AddError(output ? "--output and --output-dir exclude each other." : "Option '--output' or '--output-dir' is required.");
        }

        if (!folder && result.GetResult(_resume) is not null)
        {
            result.AddError("--resume needs --output-dir.");
        }
    }
}
