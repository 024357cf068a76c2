using System.Globalization;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>Frames to codes, for many inputs.</summary>
internal static class CorpusEncoding
{
    /// <summary>Says how.</summary>
    /// <param name="encoder">Encodes.</param>
    /// <param name="beamWidth">The encoder's beam.</param>
    /// <param name="threads">The inputs that are worked on at a time.</param>
    /// <param name="channelsFirst">Whether the frame axis of an array comes last.</param>
    /// <param name="perCodebook">Whether a table has a column for each codebook.</param>
    /// <param name="element">The type of arrays.</param>
    /// <param name="column">The column of frames in Parquet inputs.</param>
    /// <param name="cancellation">Stops it.</param>
    public static CorpusWork<int> Create(
        ClipEncoder encoder,
        int beamWidth,
        int threads,
        bool channelsFirst,
        bool perCodebook,
        NpyElement<int> element,
        string column,
        CancellationToken cancellation)
    {
        var table = new CodesTable(encoder.Model, perCodebook);
        ClipFile<float> Open(CorpusItem item) => FrameFiles.Open(item.Path, item.Name, encoder.Model.Dimensions, channelsFirst, column);
        return new CorpusWork<int>
        {
            Threads = threads,
            FrameRate = encoder.Model.FrameRate,
            Identity = format => new(StringComparer.Ordinal)
            {
                ["content"] = "codes",
                ["model"] = CodesTable.FingerprintOf(encoder.Model),
                ["beam"] = beamWidth.ToString(CultureInfo.InvariantCulture),
                ["layout"] = perCodebook ? "per codebook" : channelsFirst && format == ClipFormat.Npy ? "channels first" : "frames first",
                ["dtype"] = element.Name,
            },
            IsWhole = (output, input) => CorpusFolder.IsWhole(output, input, encoder.Model.CodesPerBlock, encoder.Model),
            Open = (item, progress) =>
            {
                var frames = Open(item);
                try
                {
                    return new ClipFile<int>(frames.Clips.Select(clip => encoder.Encode(progress.Counted(clip))),
                        LayoutOf(frames.Layout, encoder.Model), frames.File);
                }
                catch
                {
                    frames.Dispose();
                    throw;
                }
            },
            Write = (stream, file, format) => ClipOutput.WriteCodes(stream, file, format, table, element, cancellation),
            WriteTable = (stream, inputs, progress) => ClipOutput.WriteTable(
                stream, inputs.Clips(Open, clip => encoder.Encode(progress.Counted(clip)), cancellation), table, cancellation),
        };
    }

    private static VectorLayout? LayoutOf(VectorLayout? frames, RvqModel model)
        => frames is null ? null
        : frames.Count % model.FramesPerBlock == 0 ? frames.With(frames.Count / model.FramesPerBlock, model.CodesPerBlock)
        : throw new InvalidDataException($"It has {frames.Count} frames, but the model codes {model.FramesPerBlock} of them together.");
}
