using System.CommandLine;
using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>The frames that a command works on, and how they lie in their file.</summary>
internal sealed class FrameInput
{
    private readonly Argument<string> _path = new("FRAMES.npy")
    {
        Description = "Frames, float16, float32 or float64, [T, D] or [B, T, D]; '-' for standard input.",
    };

    private readonly Option<bool> _channelsFirst = Options.ChannelsFirst();

    /// <summary>Lets a command have it.</summary>
    public FrameInput(Command command)
    {
        command.Add(_path);
        command.Add(_channelsFirst);
    }

    /// <summary>The path given.</summary>
    public string Path(ParseResult given) => given.GetRequiredValue(_path);

    /// <summary>Whether the frame axis comes last.</summary>
    public bool IsChannelsFirst(ParseResult given) => given.GetValue(_channelsFirst);

    /// <summary>Reads the frames as they lie, of that many dimensions unless it is null.</summary>
    public (NpyArray<float> Frames, VectorLayout Layout) Read(Shell shell, ParseResult given, int? dimensions)
        => Read(shell, Path(given), given.GetValue(_channelsFirst), dimensions);

    /// <summary>Reads the frames of a file as they lie, of that many dimensions unless it is null.</summary>
    /// <exception cref="InvalidDataException">They have others, or a value is not finite.</exception>
    public static (NpyArray<float> Frames, VectorLayout Layout) Read(Shell shell, string path, bool channelsFirst, int? dimensions)
    {
        var frames = shell.Read(path, NpyReader.ReadSingle);
        var layout = VectorLayout.Of(frames, channelsFirst, path);
        ThrowIfOfOthers(layout, path, channelsFirst, dimensions);
        layout.ThrowIfNotFinite(frames.Values, path);
        return (frames, layout);
    }

    /// <summary>Refuses an array of frames that have not that many dimensions, unless it is null.</summary>
    /// <exception cref="InvalidDataException">They have others.</exception>
    public static void ThrowIfOfOthers(VectorLayout layout, string path, bool channelsFirst, int? dimensions)
    {
        if (dimensions is not null && layout.Width != dimensions)
        {
            throw new InvalidDataException(
                $"{path}: Its shape is [{string.Join(", ", layout.Shape)}], so a frame has {layout.Width} values, but {dimensions} are "
                + "needed."
                + (layout.Count != dimensions ? "" : $" {(channelsFirst ? "Without" : "With")} --channels-first it would fit."));
        }
    }

    /// <summary>Reads the frames one after the other, a positive multiple of <paramref name="framesPerBlock"/> in every sequence.</summary>
    public (float[] Frames, int Dimensions) ReadRows(Shell shell, ParseResult given, int? dimensions, int framesPerBlock)
    {
        var (array, layout) = Read(shell, given, dimensions);
        return layout.Length > 0 && layout.Count % framesPerBlock == 0
            ? (layout.ToRows(array.Values), layout.Width)
            : throw new InvalidDataException(
                $"{Path(given)}: It has {layout.Count} frames of {layout.Width} values, but a positive multiple of {framesPerBlock} frames "
                + "is needed.");
    }
}
