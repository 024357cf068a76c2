using System.CommandLine;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>Codes to frames.</summary>
internal static class DecodeCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("decode", "Turn codes back into frames.");
        var model = new ModelInput(command);
        var codes = new Argument<string>("CODES.npy")
        {
            Description = "Codes, any integer type, [T, N] or [B, T, N], of all the model's codebooks or the first N; '-' for standard input.",
        };
        var output = Options.Output("FRAMES.npy", "the frames, float32");
        var (codebooks, channelsFirst) = (Options.Codebooks(), Options.ChannelsFirst());
        command.Add(codes);
        command.Add(output);
        command.Add(codebooks);
        command.Add(channelsFirst);
        command.SetAction((given, cancellation) => shell.Run(
            () =>
            {
                var loaded = model.Read(given);
                var source = given.GetRequiredValue(codes);
                var array = shell.Read(source, NpyReader.ReadInt32);
                var layout = VectorLayout.Of(array, given.GetValue(channelsFirst), source);
                var used = Prefix(loaded, layout.Width, given.GetValue(codebooks), source);
                var (frames, shape) = Decode(used, array.Values, layout);
                var path = given.GetRequiredValue(output);
                shell.Write(path, stream => NpyWriter.Write(stream, frames, shape, cancellation));
                shell.Report(path, $"{frames.Length / used.Dimensions} frames of {used.Dimensions} values from {used.CodebookCount} codebooks");
            },
            cancellation));
        return command;
    }

    private static (float[] Frames, int[] Shape) Decode(RvqModel model, int[] codes, VectorLayout layout)
    {
        var frameCount = (long)layout.Count * model.FramesPerBlock;
        var target = layout.With(frameCount <= Array.MaxLength ? (int)frameCount : Array.MaxLength, model.Dimensions);
        var frames = new float[target.Length];
        if (frames.Length > 0)
        {
            new Dequantizer(model).Decode<int>(layout.Prefix(model.CodesPerBlock).View<int>(codes.AsSpan()), target.View<float>(frames.AsSpan()));
        }

        return (frames, target.Shape);
    }

    /// <summary>The model of the codebooks whose codes are there, or of the first of them.</summary>
    private static RvqModel Prefix(RvqModel model, int codesPerBlock, int? codebooks, string path)
    {
        for (var count = model.CodebookCount; count > 0; count--)
        {
            if (model.Take(count) is { } prefix && prefix.CodesPerBlock == codesPerBlock)
            {
                return codebooks is not { } wanted ? prefix
                    : wanted <= count ? prefix.Take(wanted)
                    : throw new InvalidDataException($"{path}: It has the codes of {count} codebooks, but {wanted} are asked for.");
            }
        }

        throw new InvalidDataException(
            $"{path}: Its code axis has length {codesPerBlock}, but the model's {model.CodebookCount} codebooks give {model.CodesPerBlock} codes"
            + (model.FramesPerBlock == 1 ? "." : $" for {model.FramesPerBlock} frames."));
    }
}
