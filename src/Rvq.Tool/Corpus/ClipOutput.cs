using System.IO.Compression;
using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>Writes the clips of one input as one output.</summary>
internal static class ClipOutput
{
    // Zip archives have a time for every member; the same clips are to be the same bytes.
    private static readonly DateTimeOffset NoTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The end of an output's name.</summary>
    public static string Extension(ClipFormat format, string source) => format switch
    {
        ClipFormat.Rvq => ".rvq",
        ClipFormat.Parquet => ".parquet",
        _ => Path.GetExtension(source) is ".npz" or ".parquet" ? ".npz" : ".npy",
    };

    /// <summary>Writes codes in any format.</summary>
    public static void WriteCodes(
        Stream stream, ClipFile<int> file, ClipFormat format, CodesTable table, NpyElement<int> element, CancellationToken cancellation)
    {
        switch (format)
        {
            case ClipFormat.Rvq:
                WriteStream(stream, file, table.Model, cancellation);
                break;
            case ClipFormat.Parquet:
                WriteTable(stream, file.Clips, table, cancellation);
                break;
            default:
                WriteArrays(stream, file, element, cancellation);
                break;
        }
    }

    /// <summary>Writes frames as arrays or as a table.</summary>
    public static void WriteFrames(
        Stream stream, ClipFile<float> file, ClipFormat format, NpyElement<float> element, CancellationToken cancellation)
    {
        if (format == ClipFormat.Parquet)
        {
            WriteTable(stream, file.Clips, cancellation);
        }
        else
        {
            WriteArrays(stream, file, element, cancellation);
        }
    }

    /// <summary>Writes rows of codes.</summary>
    public static void WriteTable(Stream stream, IEnumerable<Clip<int>> clips, CodesTable table, CancellationToken cancellation)
    {
        var writer = new ParquetClipWriter<int>(stream, table.Columns, table.Metadata(), cancellation);
        foreach (var clip in clips)
        {
            writer.Write(clip.Id, checked(clip.Count * table.Model.FramesPerBlock), table.Split(clip.ReadAll()));
        }

        writer.Complete();
    }

    /// <summary>Writes rows of frames.</summary>
    public static void WriteTable(Stream stream, IEnumerable<Clip<float>> clips, CancellationToken cancellation)
    {
        var writer = new ParquetClipWriter<float>(
            stream, [FrameFiles.Column], new Dictionary<string, string> { ["rvq.layout"] = "[T, D]" }, cancellation);
        foreach (var clip in clips)
        {
            writer.Write(clip.Id, clip.Count, clip.ReadAll());
        }

        writer.Complete();
    }

    private static void WriteArrays<T>(Stream stream, ClipFile<T> file, NpyElement<T> element, CancellationToken cancellation)
        where T : unmanaged
    {
        if (file.Layout is { } layout)
        {
            var (writer, batch) = (new NpyRowsWriter<T>(stream, layout, element), 0);
            foreach (var clip in file.Clips)
            {
                foreach (var (first, rows) in clip.Parts(cancellation))
                {
                    writer.Write(batch, first, rows);
                }

                batch++;
            }

            return;
        }

        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var clip in file.Clips)
        {
            var name = $"{clip.Id}.npy";
            if (!names.Add(name))
            {
                throw new InvalidDataException($"It has two clips called '{clip.Id}', which one .npz cannot hold.");
            }

            var entry = archive.CreateEntry(name, CompressionLevel.NoCompression);
            entry.LastWriteTime = NoTime;
            using var member = entry.Open();
            NpyWriter.WriteHeader(member, [clip.Count, clip.Width], element);
            foreach (var (_, rows) in clip.Parts(cancellation))
            {
                NpyWriter.WriteValues(member, rows, element);
            }
        }
    }

    private static void WriteStream(Stream stream, ClipFile<int> file, RvqModel model, CancellationToken cancellation)
    {
        var written = false;
        using var writer = new RvqWriter(stream, new RvqHeader(model), leaveOpen: true);
        foreach (var clip in file.Clips)
        {
            if (written)
            {
                throw new InvalidDataException(
                    "It has several sequences, but an .rvq stream holds one; --format parquet or npy holds them all.");
            }

            foreach (var (_, codes) in clip.Parts(cancellation))
            {
                writer.Write<int>(codes);
            }

            written = true;
        }

        if (!written)
        {
            throw new InvalidDataException("It has no sequence, but an .rvq stream holds one.");
        }

        writer.Complete();
    }
}
