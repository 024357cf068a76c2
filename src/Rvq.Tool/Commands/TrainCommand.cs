using System.CommandLine;
using Rvq.Checkpoints;
using Rvq.Tool.Json;
using Rvq.Training;

namespace Rvq.Tool.Commands;

/// <summary>Frames to a model.</summary>
internal static class TrainCommand
{
    public static Command Create(Shell shell)
    {
        var defaults = new RvqTrainerOptions();
        var command = new DocumentedCommand("train", "Train a model on frames.")
        {
            Examples =
            [
                "rvq train frames.npy -o model.safetensors",
                "rvq train shards/ more.npy -o model.safetensors --codebooks 8 --size 1024 --sample 500000",
                "rvq train new.npy -o better.safetensors --init-from model.safetensors",
            ],
            Json = "{schema: \"rvq.training/1\", output, dimensions, codebookCount, codebookSize, seed, frames (those trained on), inputs: "
                + "[{path, frames}], "
                + $"rows: {EvaluateCommand.RowJson}}}",
        };
        var frames = new TrainFrames(command);
        var output = Options.Output("MODEL.safetensors", "the model");
        var codebooks = Options.Count("--codebooks", "The number of codebooks.", defaults.CodebookCount);
        var size = Options.Count("--size", "The codewords of each codebook.", defaults.CodebookSize);
        var start = new Option<string?>("--init-from")
        {
            Description = "A plain model to go on from: its codewords are where training starts, and its numbers are the defaults of "
                + "--codebooks and --size.",
            HelpName = "MODEL",
        };
        var iterations = Options.Count("--iterations", "The k-means iterations of each codebook, at most.", defaults.Iterations);
        var sample = Options.Count("--sample", "Train on at most that many frames, drawn evenly.", defaults.SampleLimit);
        var seed = new Option<ulong>("--seed")
        {
            Description = "The seed of every random choice; the same seed gives the same model.",
            HelpName = "N",
        };
        var (threads, json) = (Options.Threads(), Options.Json());
        foreach (var option in (Option[])[output, codebooks, size, start, iterations, seed, sample, threads, json])
        {
            command.Add(option);
        }

        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var path = given.GetRequiredValue(output);
                var initialPath = given.GetValue(start);
                var files = frames.Files(shell, given);
                shell.CheckOutput(path, [.. files, .. initialPath is null ? Array.Empty<string>() : [initialPath]]);
                var initial = initialPath is null ? null : RvqModel.Load(initialPath);
                var options = new RvqTrainerOptions
                {
                    InitialModel = initial,
                    CodebookSizes = Sizes(given, codebooks, size, initial),
                    Iterations = given.GetValue(iterations),
                    Seed = given.GetValue(seed),
                    SampleLimit = given.GetValue(sample),
                    MaxDegreeOfParallelism = given.GetValue(threads),
                };
                var (rows, dimensions, inputs) = frames.Read(shell, given, files, options.SampleLimit, options.Seed, cancellation);
                shell.CheckRoom(path, options.CodebookSizes!.Sum(codewords => (long)codewords * dimensions * sizeof(float)));
                var model = TrainingDisplay.Show(shell, progress => RvqTrainer.Train(rows, dimensions, options, progress, cancellation));
                shell.Write(path, stream => OwnFormat.Write(model, stream));
                Report(shell, given.GetValue(json), path, model, rows, inputs, options, cancellation);
            },
            cancellation));
        return command;
    }

    // What is given counts; what is not, the model to go on from knows.
    private static int[] Sizes(ParseResult given, Option<int> codebooks, Option<int> size, RvqModel? initial)
    {
        var isSizeGiven = given.GetResult(size) is { Implicit: false };
        var count = initial is not null && given.GetResult(codebooks) is not { Implicit: false } ? initial.CodebookCount
            : given.GetValue(codebooks);
        var sizes = new int[count];
        for (var stage = 0; stage < count; stage++)
        {
            sizes[stage] = initial is null || isSizeGiven ? given.GetValue(size)
                : initial.Stages[Math.Min(stage, initial.CodebookCount - 1)].Codebook.Size;
        }

        return sizes;
    }

    private static void Report(
        Shell shell, bool json, string path, RvqModel model, float[] rows, IReadOnlyList<TrainInput> inputs, RvqTrainerOptions options,
        CancellationToken cancellation)
    {
        var measured = Evaluation.Measure(model, rows, frameRate: null, beamWidth: 1, options.MaxDegreeOfParallelism, cancellation);
        var (count, size) = (rows.Length / model.Dimensions, options.CodebookSizes![0]);
        if (json)
        {
            shell.Print(
                new TrainDocument(
                    "rvq.training/1", path, model.Dimensions, model.CodebookCount, size, options.Seed, count, inputs, measured),
                Documents.Plain.TrainDocument,
                path);
            return;
        }

        var offered = inputs.Sum(input => input.Frames);
        Evaluation.Print(shell.ReportConsole(path), measured, $"{count} frames, those trained on");
        shell.Report(
            path,
            $"{model.CodebookCount} codebooks of {size} codewords, trained on {(count == offered ? $"{count}" : $"{count} of {offered}")} "
            + "frames"
            + (inputs.Count == 1 ? "" : $" of {inputs.Count} files"));
    }
}
