using System.CommandLine;
using Rvq.Checkpoints;
using Rvq.Training;

namespace Rvq.Tool.Commands;

/// <summary>Frames to a model.</summary>
internal static class TrainCommand
{
    public static Command Create(Shell shell)
    {
        var defaults = new RvqTrainerOptions();
        var command = new Command("train", "Train a model on frames.");
        var frames = new FrameInput(command);
        var output = Options.Output("MODEL.safetensors", "the model");
        var codebooks = Options.Count("--codebooks", "The number of codebooks.", defaults.CodebookCount);
        var size = Options.Count("--size", "The codewords of each codebook.", defaults.CodebookSize);
        var iterations = Options.Count("--iterations", "The k-means iterations of each codebook, at most.", defaults.Iterations);
        var sample = Options.Count("--sample", "Train on at most that many frames, drawn evenly.", defaults.SampleLimit);
        var seed = new Option<ulong>("--seed") { Description = "The seed of every random choice; the same seed gives the same model.", HelpName = "N" };
        var threads = Options.Threads();
        foreach (var option in (Option[])[output, codebooks, size, iterations, seed, sample, threads])
        {
            command.Add(option);
        }

        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var path = given.GetRequiredValue(output);
                shell.CheckOutput(path, frames.Path(given));
                var (rows, dimensions) = frames.ReadRows(shell, given, dimensions: null, framesPerBlock: 1);
                var options = new RvqTrainerOptions
                {
                    CodebookCount = given.GetValue(codebooks),
                    CodebookSize = given.GetValue(size),
                    Iterations = given.GetValue(iterations),
                    Seed = given.GetValue(seed),
                    SampleLimit = given.GetValue(sample),
                    MaxDegreeOfParallelism = given.GetValue(threads),
                };
                shell.CheckRoom(path, (long)options.CodebookCount * options.CodebookSize * dimensions * sizeof(float));
                var model = TrainingDisplay.Show(shell, progress => RvqTrainer.Train(rows, dimensions, options, progress, cancellation));
                shell.Write(path, stream => OwnFormat.Write(model, stream));
                Evaluation.Print(shell.ReportConsole(path), model, rows, "frames, those trained on", frameRate: null, options.MaxDegreeOfParallelism, cancellation);
                shell.Report(path, $"{model.CodebookCount} codebooks of {options.CodebookSize} codewords");
            },
            cancellation));
        return command;
    }
}
