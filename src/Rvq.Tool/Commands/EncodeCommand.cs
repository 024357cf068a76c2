using System.CommandLine;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>Frames to codes.</summary>
internal static class EncodeCommand
{
    public static Command Create(Shell shell)
    {
        var (model, frames, output) = (Arguments.Model(), Arguments.Frames(), Arguments.Output("CODES.npy", "the codes, int32"));
        var (codebooks, channelsFirst, threads) = (Arguments.Codebooks(), Arguments.ChannelsFirst(), Arguments.Threads());
        var command = new Command("encode", "Turn frames into codes.") { model, frames, output, codebooks, channelsFirst, threads };
        command.SetAction((given, cancellation) => shell.Run(
            () => Encode(
                shell,
                Inputs.ReadModel(given.GetRequiredValue(model), given.GetValue(codebooks)),
                given.GetRequiredValue(frames),
                given.GetRequiredValue(output),
                given.GetValue(channelsFirst),
                new QuantizerOptions { MaxDegreeOfParallelism = given.GetValue(threads) },
                cancellation),
            cancellation));
        return command;
    }

    private static void Encode(
        Shell shell, RvqModel model, string framesPath, string output, bool channelsFirst, QuantizerOptions options, CancellationToken cancellation)
    {
        var (frames, layout) = Inputs.ReadFrames(shell, framesPath, channelsFirst, model.Dimensions);
        var (blocks, rest) = Math.DivRem(layout.Count, model.FramesPerBlock);
        if (rest != 0)
        {
            throw new InvalidDataException($"{framesPath}: It has {layout.Count} frames, but the model codes {model.FramesPerBlock} of them together.");
        }

        var target = layout.With(blocks, model.CodesPerBlock);
        var codes = new int[target.Length];
        if (codes.Length > 0)
        {
            new Quantizer(model, options).Encode(layout.View<float>(frames.Values.AsSpan()), target.View<int>(codes.AsSpan()));
        }

        shell.Write(output, stream => NpyWriter.Write(stream, codes, target.Shape, cancellation));
        if (output != "-")
        {
            shell.Output.WriteLine(
                $"{output}: {layout.Batch * (long)layout.Count} frames, {model.CodebookCount} codebooks, {Format.Number((double)model.BitsPerBlock / model.FramesPerBlock)} bits a frame");
        }
    }
}
