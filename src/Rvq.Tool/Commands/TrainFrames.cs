using System.CommandLine;
using Rvq.Tool.Corpus;
using Rvq.Tool.Json;
using Rvq.Training;

namespace Rvq.Tool.Commands;

/// <summary>The frames that a model is trained on: files and folders, read one after the other, of which an even sample is kept.</summary>
internal sealed class TrainFrames
{
    private readonly Argument<string[]> _paths = new("FRAMES")
    {
        Description = "Frames: .npy files, float16, float32 or float64, [T, D] or [B, T, D]; .npz; Parquet with a column of lists; "
            + "folders, whose files are taken with those of folders in them; @list.txt with an input a line; '-' for standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _column = new("--column")
    {
        Description = "The column of lists in Parquet inputs.",
        HelpName = "NAME",
        DefaultValueFactory = _ => FrameFiles.Column,
    };

    private readonly Option<bool> _channelsFirst = Options.ChannelsFirst();

    /// <summary>Lets a command have it.</summary>
    public TrainFrames(Command command)
    {
        command.Add(_paths);
        command.Add(_channelsFirst);
        command.Add(_column);
    }

    /// <summary>The files, in an order that does not depend on the disk.</summary>
    /// <exception cref="InvalidDataException">A folder holds none.</exception>
    public IReadOnlyList<string> Files(Shell shell, ParseResult given)
    {
        // Names in a tree of outputs, which the search makes as well, are of no use here: the root of the disk has them all.
        var inputs = new CorpusInputs(FrameFiles.Extensions, Path.GetPathRoot(Path.GetFullPath(".")), Output: null);
        return [.. given.GetRequiredValue(_paths).SelectMany(path => path == "-" ? ["-"] : Find(inputs, shell, path))];
    }

    /// <summary>Reads all files and keeps at most so many frames, each with the same probability.</summary>
    /// <param name="shell">The shell.</param>
    /// <param name="given">The command line.</param>
    /// <param name="files">The files.</param>
    /// <param name="limit">The most frames to keep.</param>
    /// <param name="seed">The seed of the sample.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The frames kept, row-major [T, D], and what each file had.</returns>
    /// <exception cref="InvalidDataException">There are no frames, or not all have the length of the first.</exception>
    public (float[] Frames, int Dimensions, IReadOnlyList<TrainInput> Inputs) Read(
        Shell shell, ParseResult given, IReadOnlyList<string> files, int limit, ulong seed, CancellationToken cancellation)
    {
        FrameSample? sample = null;
        int? dimensions = null;
        var inputs = new List<TrainInput>();
        foreach (var file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            var frames = 0L;
            try
            {
                foreach (var (rows, width) in Read(shell, given, file, dimensions, cancellation))
                {
                    dimensions = width;
                    sample ??= new FrameSample(width, limit, seed);
                    sample.Add(rows, "frames", "frame");
                    frames += rows.Length / width;
                }
            }
            catch (InvalidDataException fault)
            {
                throw new InvalidDataException(Shell.Named(file, fault), fault);
            }

            inputs.Add(new TrainInput(file, frames));
        }

        return sample is null
            ? throw new InvalidDataException($"{string.Join(", ", files.Take(3))}{(files.Count > 3 ? ", …" : "")}: It has 0 frames.")
            : (sample.ToArray(), dimensions!.Value, inputs);
    }

    private static IEnumerable<string> Find(CorpusInputs inputs, Shell shell, string path)
        => inputs.Find([path], shell) is { Count: > 0 } items ? items.Select(item => item.Path)
            : throw new InvalidDataException(
                $"{path}: There are no frames: nothing that ends with {string.Join(", ", FrameFiles.Extensions)}.");

    /// <summary>The frames of a file, part by part, in arrays that the next part may take.</summary>
    private IEnumerable<(float[] Rows, int Width)> Read(
        Shell shell, ParseResult given, string path, int? dimensions, CancellationToken cancellation)
    {
        var channelsFirst = given.GetValue(_channelsFirst);
        if (!FrameFiles.Extensions.Contains(Path.GetExtension(path)))
        {
            var (array, layout) = FrameInput.Read(shell, path, channelsFirst, dimensions);
            return layout.Length > 0 ? [(layout.ToRows(array.Values), layout.Width)] : [];
        }

        return ReadParts(path, channelsFirst, given.GetRequiredValue(_column), dimensions, cancellation);
    }

    private static IEnumerable<(float[] Rows, int Width)> ReadParts(
        string path, bool channelsFirst, string column, int? dimensions, CancellationToken cancellation)
    {
        if (dimensions is null && Path.GetExtension(path) == ".parquet")
        {
            throw new InvalidDataException("Lists do not say how long a frame is; name a .npy or .npz file first.");
        }

        using var file = FrameFiles.Open(path, Path.GetFileNameWithoutExtension(path), dimensions ?? 0, channelsFirst, column);
        if (file.Layout is { } layout)
        {
            FrameInput.ThrowIfOfOthers(layout, path, channelsFirst, dimensions);
        }

        foreach (var clip in file.Clips.Where(clip => clip.Count > 0 && clip.Width > 0))
        {
            if (dimensions is { } wanted && clip.Width != wanted)
            {
                throw new InvalidDataException($"A frame of '{clip.Id}' has {clip.Width} values, but {wanted} are needed.");
            }

            dimensions = clip.Width;
            foreach (var (first, rows) in clip.Parts(cancellation))
            {
                ClipEncoder.ThrowIfNotFinite(clip.Id, first, rows, clip.Width);
                yield return (rows, clip.Width);
            }
        }
    }
}
