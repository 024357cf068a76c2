using System.Globalization;
using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>Codes to frames, for many inputs.</summary>
internal static class CorpusDecoding
{
    /// <summary>Says how.</summary>
    /// <param name="decoder">Decodes.</param>
    /// <param name="threads">The inputs that are worked on at a time.</param>
    /// <param name="channelsFirst">Whether the frame axis of an array comes last.</param>
    /// <param name="element">The type of arrays.</param>
    /// <param name="column">The column of codes in Parquet inputs.</param>
    /// <param name="options">How .rvq streams are read.</param>
    /// <param name="cancellation">Stops it.</param>
    public static CorpusWork<float> Create(
        ClipDecoder decoder,
        int threads,
        bool channelsFirst,
        NpyElement<float> element,
        string column,
        RvqReaderOptions options,
        CancellationToken cancellation)
    {
        var codes = new CodeFiles(decoder, channelsFirst, column, options);
        return new CorpusWork<float>
        {
            Threads = threads,
            FrameRate = decoder.Model.FrameRate,
            Identity = format => new(StringComparer.Ordinal)
            {
                ["content"] = "frames",
                ["model"] = CodesTable.FingerprintOf(decoder.Model),
                ["codebooks"] = options.CodebookCount?.ToString(CultureInfo.InvariantCulture) ?? "all",
                ["layout"] = channelsFirst && format == ClipFormat.Npy ? "channels first" : "frames first",
                ["dtype"] = element.Name,
            },
            IsWhole = (output, input) => CorpusFolder.IsWhole(output, input, decoder.Model.Dimensions, null),
            Open = (item, progress) =>
            {
                var file = codes.Open(item.Path, item.Name);
                return file with { Clips = file.Clips.Select(progress.Counted) };
            },
            Write = (stream, file, format) => ClipOutput.WriteFrames(stream, file, format, element, cancellation),
            WriteTable = (stream, inputs, progress) => ClipOutput.WriteTable(
                stream, inputs.Clips(item => codes.Open(item.Path, item.Name), progress.Counted, cancellation), cancellation),
        };
    }
}
