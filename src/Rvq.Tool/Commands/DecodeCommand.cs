using System.CommandLine;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>Codes to frames.</summary>
internal static class DecodeCommand
{
    public static Command Create(Shell shell)
    {
        var codes = new Argument<string>("CODES.npy")
        {
            Description = "Codes, any integer type, [T, N] or [B, T, N], of all the model's codebooks or the first N; '-' for standard input.",
        };
        var (model, output) = (Arguments.Model(), Arguments.Output("FRAMES.npy", "the frames, float32"));
        var (codebooks, channelsFirst) = (Arguments.Codebooks(), Arguments.ChannelsFirst());
        var command = new Command("decode", "Turn codes back into frames.") { model, codes, output, codebooks, channelsFirst };
        command.SetAction((given, cancellation) => shell.Run(
            () => Decode(
                shell,
                Inputs.ReadModel(given.GetRequiredValue(model)),
                given.GetRequiredValue(codes),
                given.GetRequiredValue(output),
                given.GetValue(codebooks),
                given.GetValue(channelsFirst),
                cancellation),
            cancellation));
        return command;
    }

    private static void Decode(
        Shell shell, RvqModel model, string codesPath, string output, int? codebooks, bool channelsFirst, CancellationToken cancellation)
    {
        var codes = shell.Read(codesPath, NpyReader.ReadInt32);
        var layout = VectorLayout.Of(codes, channelsFirst, codesPath);
        var used = Prefix(model, layout.Width, codesPath);
        if (codebooks is { } count)
        {
            used = count <= used.CodebookCount
                ? used.Take(count)
                : throw new InvalidDataException($"{codesPath}: It has the codes of {used.CodebookCount} codebooks, but {count} are asked for.");
        }

        var frameCount = (long)layout.Count * used.FramesPerBlock;
        var target = layout.With(frameCount <= Array.MaxLength ? (int)frameCount : Array.MaxLength, used.Dimensions);
        var frames = new float[target.Length];
        if (frames.Length > 0)
        {
            new Dequantizer(used).Decode<int>(layout.Prefix(used.CodesPerBlock).View<int>(codes.Values.AsSpan()), target.View<float>(frames.AsSpan()));
        }

        shell.Write(output, stream => NpyWriter.Write(stream, frames, target.Shape, cancellation));
        if (output != "-")
        {
            shell.Output.WriteLine($"{output}: {target.Batch * (long)target.Count} frames of {target.Width} values from {used.CodebookCount} codebooks");
        }
    }

    /// <summary>The model of the codebooks whose codes are there.</summary>
    private static RvqModel Prefix(RvqModel model, int codesPerBlock, string path)
    {
        for (var count = model.CodebookCount; count > 0; count--)
        {
            if (model.Take(count) is { } prefix && prefix.CodesPerBlock == codesPerBlock)
            {
                return prefix;
            }
        }

        throw new InvalidDataException(
            $"{path}: Its code axis has length {codesPerBlock}, but the model's {model.CodebookCount} codebooks give {model.CodesPerBlock} codes"
            + (model.FramesPerBlock == 1 ? "." : $" for {model.FramesPerBlock} frames."));
    }
}
