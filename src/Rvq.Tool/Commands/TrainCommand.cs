using System.CommandLine;
using Rvq.Training;

namespace Rvq.Tool.Commands;

/// <summary>Frames to a model.</summary>
internal static class TrainCommand
{
    public static Command Create(Shell shell)
    {
        var defaults = new RvqTrainerOptions();
        var (frames, output) = (Arguments.Frames(), Arguments.Output("MODEL.safetensors", "the model"));
        var codebooks = Arguments.Count("--codebooks", "The number of codebooks.", defaults.CodebookCount);
        var size = Arguments.Count("--size", "The codewords of each codebook.", defaults.CodebookSize);
        var iterations = Arguments.Count("--iterations", "The k-means iterations of each codebook, at most.", defaults.Iterations);
        var sample = Arguments.Count("--sample", "Train on at most that many frames, drawn evenly.", defaults.SampleLimit);
        var seed = new Option<ulong>("--seed") { Description = "The seed of every random choice; the same seed gives the same model.", HelpName = "N" };
        var (channelsFirst, threads) = (Arguments.ChannelsFirst(), Arguments.Threads());
        var command = new Command("train", "Train a model on frames.") { frames, output, codebooks, size, iterations, seed, sample, threads, channelsFirst };
        command.SetAction((given, cancellation) => shell.Run(
            () => Train(
                shell,
                given.GetRequiredValue(frames),
                given.GetRequiredValue(output),
                given.GetValue(channelsFirst),
                new RvqTrainerOptions
                {
                    CodebookCount = given.GetValue(codebooks),
                    CodebookSize = given.GetValue(size),
                    Iterations = given.GetValue(iterations),
                    Seed = given.GetValue(seed),
                    SampleLimit = given.GetValue(sample),
                    MaxDegreeOfParallelism = given.GetValue(threads),
                },
                cancellation),
            cancellation));
        return command;
    }

    private static void Train(
        Shell shell, string framesPath, string output, bool channelsFirst, RvqTrainerOptions options, CancellationToken cancellation)
    {
        if (output == "-")
        {
            throw new InvalidDataException("A model is written to a file, not to standard output.");
        }

        var (array, layout) = Inputs.ReadFrames(shell, framesPath, channelsFirst, dimensions: null);
        if (layout.Length == 0)
        {
            throw new InvalidDataException($"{framesPath}: It has no frames.");
        }

        var frames = layout.ToRows(array);
        var model = TrainingDisplay.Show(shell, progress => RvqTrainer.Train(frames, layout.Width, options, progress, cancellation));
        model.Save(output);
        Evaluation.Print(shell, model, frames, frameRate: null, options.MaxDegreeOfParallelism, cancellation);
        shell.Output.WriteLine(output);
    }
}
