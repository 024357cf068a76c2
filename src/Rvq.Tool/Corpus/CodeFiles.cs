using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>Opens files of codes, .npy, .npz, .rvq, Parquet, .ecdc and .dac, as the frames that a model makes of them.</summary>
/// <param name="Decoder">Decodes them.</param>
/// <param name="ChannelsFirst">Whether the code axis of an array comes before the frame axis.</param>
/// <param name="Column">The column of a Parquet file.</param>
/// <param name="Stream">How .rvq streams are read.</param>
internal sealed record CodeFiles(ClipDecoder Decoder, bool ChannelsFirst, string Column, RvqReaderOptions Stream)
{
    /// <summary>The ends of the names of such files.</summary>
    public static readonly string[] Extensions = [".npy", ".npz", ".parquet", ".rvq", ".ecdc", ".dac"];

    private RvqModel Model => Decoder.Model;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or of another model.</exception>
    public ClipFile<float> Open(string path, string id) => Path.GetExtension(path) switch
    {
        ".npy" => Decode(ArrayFiles.Open(path, id, ChannelsFirst, NpyReader.Int32Converter)),
        ".npz" => Decode(ArrayFiles.OpenArchive(path, id, ChannelsFirst, NpyReader.Int32Converter)),
        ".parquet" => OpenTable(path),
        ".rvq" => OpenStream(path, id),
        ".ecdc" or ".dac" => OpenWhole(path, id),
        var extension => throw new InvalidDataException($"Codes are read from {string.Join(", ", Extensions)}, not from '{extension}'."),
    };

    private ClipFile<float> Decode(ClipFile<int> codes)
    {
        var layout = codes.Layout is { } given ? given.With((long)given.Count * Model.FramesPerBlock, Model.Dimensions) : null;
        return new ClipFile<float>(codes.Clips.Select(Decoder.Decode), layout, codes.File);
    }

    private ClipFile<float> OpenTable(string path)
    {
        var stream = File.OpenRead(path);
        try
        {
            var reader = ParquetClipReader<int>.Open(stream, Column);
            var prefix = PrefixOf(reader);
            return new ClipFile<float>(
                reader.ReadAll().Select(row => Decoder.Decode(
                    new Clip<int>(row.Id, CodesTable.Join(Prefix(prefix, row), row.Lists, row.Id), Prefix(prefix, row).CodesPerBlock))),
                null,
                stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The model of the codebooks whose codes a table has, or null where only its rows tell.</summary>
    private RvqModel? PrefixOf(ParquetClipReader<int> reader)
    {
        var count = reader.Metadata.TryGetValue(CodesTable.Sizes, out var sizes) ? sizes.Split(',').Length
            : reader.Columns.Count() is var columns and > 1 ? columns : 0;
        if (count > Model.CodebookCount)
        {
            throw new InvalidDataException($"It has the codes of {count} codebooks, but the model has {Model.CodebookCount}.");
        }

        var prefix = count > 0 ? Model.Take(count) : null;
        if (prefix is not null && reader.Metadata.TryGetValue(CodesTable.Fingerprint, out var fingerprint) && !Stream.AllowOtherModel
            && CodesTable.FingerprintOf(prefix) is var own && own != fingerprint)
        {
            throw new InvalidDataException($"It is of a model with the fingerprint {fingerprint}, but this model's is {own}; "
                + "--allow-other-model insists on decoding.");
        }

        return prefix;
    }

    private RvqModel Prefix(RvqModel? known, ParquetClip<int> row)
        => known ?? (row.Width is { } width ? ClipDecoder.PrefixOf(Model, width, null) : Model);

    private ClipFile<float> OpenWhole(string path, string id)
    {
        using var stream = File.OpenRead(path);
        var codes = CodeFile.Read(stream, ChannelsFirst).Codes;
        var layout = VectorLayout.Of(codes, ChannelsFirst, path);
        return Decode(new ClipFile<int>(ArrayFiles.Clips(codes, layout, id), layout, stream));
    }

    /// <summary>A stream says how many frames it has only at its end, so it is read twice.</summary>
    private ClipFile<float> OpenStream(string path, string id)
    {
        var stream = File.OpenRead(path);
        try
        {
            var count = 0L;
            using (var counter = RvqReader.Open(stream, Model, Stream, leaveOpen: true))
            {
                while (counter.ReadChunk() is { } chunk)
                {
                    count += chunk.FrameCount;
                }
            }

            stream.Position = 0;
            var reader = RvqReader.Open(stream, Model, Stream, leaveOpen: true);
            var layout = VectorLayout.Sequence(checked((int)count), Model.Dimensions, ChannelsFirst);
            var rows = new ChunkRows(reader, Model.Dimensions);
            return new ClipFile<float>([new Clip<float>(id, layout.Count, layout.Width, (_, part) => rows.Read(part))], layout, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    // What is left of a chunk when a part ends.
    private sealed class ChunkRows(RvqReader reader, int dimensions)
    {
        private float[] _frames = [];
        private int _taken;

        public void Read(Span<float> rows)
        {
            while (!rows.IsEmpty)
            {
                if (_taken == _frames.Length)
                {
                    var chunk = reader.ReadChunk() ?? throw new InvalidDataException("It has become shorter while it was read.");
                    (_frames, _taken) = (new float[chunk.FrameCount * dimensions], 0);
                    reader.Decode(chunk, _frames);
                    continue;
                }

                var length = Math.Min(rows.Length, _frames.Length - _taken);
                _frames.AsSpan(_taken, length).CopyTo(rows);
                _taken += length;
                rows = rows[length..];
            }
        }
    }
}
