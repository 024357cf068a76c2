using Rvq.Tool.Files;

namespace Rvq.Tool.Commands;

/// <summary>Reads what the commands work on.</summary>
internal static class Inputs
{
    /// <summary>Loads a model, or its first codebooks.</summary>
    public static RvqModel ReadModel(string path, int? codebooks = null)
    {
        var model = RvqModel.Load(path);
        return codebooks is not { } count ? model
            : count <= model.CodebookCount ? model.Take(count)
            : throw new InvalidDataException($"{path}: It has {model.CodebookCount} codebooks, but {count} are asked for.");
    }

    /// <summary>Reads the frames of a model as they lie in their file.</summary>
    public static (NpyArray<float> Frames, VectorLayout Layout) ReadFrames(Shell shell, string path, bool channelsFirst, int? dimensions)
    {
        var frames = shell.Read(path, NpyReader.ReadSingle);
        var layout = VectorLayout.Of(frames, channelsFirst, path);
        return dimensions is null || layout.Width == dimensions
            ? (frames, layout)
            : throw new InvalidDataException(
                $"{path}: Its shape is [{string.Join(", ", frames.Shape)}], so a frame has {layout.Width} values, but the model's frames have {dimensions}."
                + (layout.Count == dimensions ? channelsFirst ? " Without --channels-first it would fit." : " With --channels-first it would fit." : ""));
    }
}
