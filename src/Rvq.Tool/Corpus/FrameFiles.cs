using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>Opens files of frames: .npy, .npz, and Parquet with a column of lists.</summary>
internal static class FrameFiles
{
    /// <summary>The column of frames in a Parquet file, unless another name is given.</summary>
    public const string Column = "frames";

    /// <summary>The ends of the names of such files.</summary>
    public static readonly string[] Extensions = [".npy", ".npz", ".parquet"];

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="id">What its clips are called, or their names start with.</param>
    /// <param name="dimensions">The length of a frame.</param>
    /// <param name="channelsFirst">Whether the frame axis of an array comes last.</param>
    /// <param name="column">The column of a Parquet file.</param>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public static ClipFile<float> Open(string path, string id, int dimensions, bool channelsFirst, string column)
        => Path.GetExtension(path) switch
        {
            ".npy" => ArrayFiles.Open(path, id, channelsFirst, NpyReader.SingleConverter),
            ".npz" => ArrayFiles.OpenArchive(path, id, channelsFirst, NpyReader.SingleConverter),
            ".parquet" => OpenTable(path, dimensions, column),
            var extension => throw new InvalidDataException(
                $"Frames are read from {string.Join(", ", Extensions)}, not from '{extension}'."),
        };

    private static ClipFile<float> OpenTable(string path, int dimensions, string column)
    {
        var stream = File.OpenRead(path);
        try
        {
            var reader = ParquetClipReader<float>.Open(stream, column);
            return new ClipFile<float>(reader.ReadAll().Select(row => ToClip(row, dimensions)), null, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static Clip<float> ToClip(ParquetClip<float> row, int dimensions)
    {
        if (row.Width is { } width && width != dimensions && row.Lists[0].Length > 0)
        {
            throw new InvalidDataException($"Clip '{row.Id}': A frame has {width} values, but the model's frames have {dimensions}.");
        }

        return row.Lists[0].Length % dimensions == 0
            ? new Clip<float>(row.Id, row.Lists[0], dimensions)
            : throw new InvalidDataException(
                $"Clip '{row.Id}': It has {row.Lists[0].Length} values, which is not a multiple of the {dimensions} of a frame.");
    }
}
