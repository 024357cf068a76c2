using System.CommandLine;
using System.Text;
using Rvq.Tool.Corpus;
using Rvq.Tool.Report;

namespace Rvq.Tool.Commands;

/// <summary>Shows a model's codes on given frames as a page to look at.</summary>
internal static class ReportCommand
{
    public static Command Create(Shell shell)
    {
        var command = new DocumentedCommand(
            "report", "Write a page with rate and distortion, use of the codebooks, error of the stages and codes over time.")
        {
            Examples =
            [
                "rvq report model.safetensors frames.npy -o report.html",
                "rvq report model.safetensors clips/ -o report.html --frame-rate 75 --beam 8 --limit 20000",
            ],
        };
        var model = new ModelInput(command);
        var inputs = new Argument<string[]>("FRAMES")
        {
            Description = "Frames: .npy, .npz or Parquet files, folders of them, or @list.txt.",
            Arity = ArgumentArity.OneOrMore,
        };
        inputs.Validators.Add(CorpusInput.RefuseOptions);
        var output = Options.Output("report.html", "the page");
        var codebooks = new CodebookChoice(command);
        var (channelsFirst, frameRate, threads) = (Options.ChannelsFirst(), Options.FrameRate(), Options.Threads());
        var beam = Options.Count("--beam", "The width of the beam to compare with; 1 for none.", 5);
        var limit = Options.Count("--limit", "The frames to use at most, the first ones.", 50_000);
        var column = new Option<string>("--column")
        {
            Description = "The column of lists in Parquet inputs.",
            HelpName = "NAME",
            DefaultValueFactory = _ => FrameFiles.Column,
        };
        command.Add(inputs);
        foreach (var option in (Option[])[output, channelsFirst, frameRate, beam, limit, column, threads])
        {
            command.Add(option);
        }

        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var path = given.GetRequiredValue(output);
                var items = new CorpusInputs(FrameFiles.Extensions, null, null).Find(given.GetValue(inputs)!, shell, named: false);
                shell.CheckOutput(path, [model.Path(given), .. items.Select(item => item.Path)]);
                var loaded = codebooks.Apply(given, model.Read(given), model.Path(given));
                var (frames, clips) = Read(
                    items, loaded, given.GetValue(channelsFirst), given.GetValue(column)!, given.GetValue(limit), cancellation);
                var data = Measure(shell, loaded, frames, beamWidth => ReportMeasurement.Measure(
                    loaded, Path.GetFileName(model.Path(given)), frames, $"{clips} {(clips == 1 ? "clip" : "clips")}",
                    given.GetValue(frameRate) ?? loaded.FrameRate, beamWidth, given.GetValue(threads), cancellation), given.GetValue(beam));
                shell.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(HtmlReport.Create(data))));
                shell.Report(
                    path, $"{data.FrameCount} frames of {clips} {(clips == 1 ? "clip" : "clips")}, {loaded.CodebookCount} codebooks");
            },
            cancellation));
        return command;
    }

    private static ReportData Measure(Shell shell, RvqModel model, float[] frames, Func<int, ReportData> measure, int beamWidth)
    {
        if (frames.Length == 0)
        {
            throw new InvalidDataException($"There are no frames; at least {model.FramesPerBlock} are needed.");
        }

        try
        {
            return measure(beamWidth);
        }
        catch (NotSupportedException fault)
        {
            shell.Warn($"no beam beside the greedy codes: {fault.Message}");
            return measure(1);
        }
    }

    /// <summary>The first frames of all clips, one after the other; of each clip whole blocks.</summary>
    private static (float[] Frames, int Clips) Read(
        List<CorpusItem> items, RvqModel model, bool channelsFirst, string column, int limit, CancellationToken cancellation)
    {
        var (frames, clips) = (new List<float[]>(), 0);
        foreach (var item in items)
        {
            try
            {
                using var file = FrameFiles.Open(item.Path, item.Name, model.Dimensions, channelsFirst, column);
                foreach (var clip in file.Clips)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var count = Math.Min(clip.Count, limit) / model.FramesPerBlock * model.FramesPerBlock;
                    frames.Add(ReadFirst(clip, count, model.Dimensions));
                    (limit, clips) = (limit - count, clips + 1);
                    if (limit < model.FramesPerBlock)
                    {
                        return (Joined(frames), clips);
                    }
                }
            }
            catch (InvalidDataException fault)
            {
                throw new InvalidDataException(Shell.Named(item.Path, fault), fault);
            }
        }

        return (Joined(frames), clips);
    }

    private static float[] ReadFirst(Clip<float> clip, int count, int dimensions)
    {
        if (clip.Width != dimensions)
        {
            throw new InvalidDataException($"A frame of '{clip.Id}' has {clip.Width} values, but the model's frames have {dimensions}.");
        }

        var frames = (clip with { Count = count }).ReadAll();
        ClipEncoder.ThrowIfNotFinite(clip.Id, 0, frames, dimensions);
        return frames;
    }

    private static float[] Joined(List<float[]> parts)
    {
        var length = parts.Sum(part => (long)part.Length);
        if (length > Array.MaxLength)
        {
            throw new InvalidDataException(
                $"The frames have {length} values; at most {Array.MaxLength} are possible. --limit takes fewer.");
        }

        var (joined, at) = (new float[length], 0);
        foreach (var part in parts)
        {
            part.CopyTo(joined.AsSpan(at));
            at += part.Length;
        }

        return joined;
    }
}
