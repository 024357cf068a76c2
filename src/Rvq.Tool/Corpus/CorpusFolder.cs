using System.Text.Json;
using Rvq.Files;
using Rvq.Streams;
using Rvq.Tool.Files;
using Rvq.Tool.Parquet;

namespace Rvq.Tool.Corpus;

/// <summary>
/// The folder of outputs. A file in it says of which model and with which options they are, so that no run mixes them and a later run
/// knows which it
/// need not make again.
/// </summary>
internal static class CorpusFolder
{
    /// <summary>The file that says what the folder's outputs are.</summary>
    public const string Identity = ".rvq-corpus.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Makes the folder this run's, or sees that it is.</summary>
    /// <exception cref="InvalidDataException">It holds the outputs of another model or other options.</exception>
    public static void Claim(string folder, SortedDictionary<string, string> identity)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, Identity);
        var text = JsonSerializer.Serialize(identity, Indented) + "\n";
        if (!File.Exists(path))
        {
            OutputFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
            return;
        }

        SortedDictionary<string, string> found;
        try
        {
            found = JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(path)) ?? [];
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path}: {fault.Message}", fault);
        }

        foreach (var name in identity.Keys.Concat(found.Keys))
        {
            var (own, other) = (identity.GetValueOrDefault(name, "none"), found.GetValueOrDefault(name, "none"));
            if (own != other)
            {
                throw new InvalidDataException($"{folder}: Its outputs have the {name} {other}, but this run's have {own}; another folder "
                    + $"is needed, or this one emptied ({Identity} too).");
            }
        }
    }

    /// <summary>Removes what killed runs have left unfinished. What a run that goes on writes is locked, and stays.</summary>
    public static void Sweep(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, $"{OutputFile.UnfinishedStart}*{OutputFile.UnfinishedEnd}"))
        {
            try
            {
                using var abandoned = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(path);
            }
            catch (IOException)
            {
            }
        }
    }

    /// <summary>Whether an output is there, no older than its input, and whole.</summary>
    /// <param name="output">The output.</param>
    /// <param name="input">The input.</param>
    /// <param name="width">The values of a row of an array.</param>
    /// <param name="model">The model of its codes, or null where it is frames.</param>
    public static bool IsWhole(string output, string input, int width, RvqModel? model)
    {
        if (!File.Exists(output) || (File.Exists(input) && File.GetLastWriteTimeUtc(output) < File.GetLastWriteTimeUtc(input)))
        {
            return false;
        }

        try
        {
            using var stream = File.OpenRead(output);
            return Path.GetExtension(output) switch
            {
                ".rvq" => IsWholeStream(stream, model),
                ".parquet" => IsWholeTable(stream, model),
                ".npz" => NpzReader.Names(stream) is not null,
                _ => IsWholeArray(stream, width),
            };
        }
        catch (Exception fault) when (fault is InvalidDataException or ArgumentException or EndOfStreamException)
        {
            return false;
        }
    }

    private static bool IsWholeArray(Stream stream, int width)
    {
        var header = NpyHeader.Read(stream);
        NpyReader.CheckLength(stream, header);
        return header.Shape.Contains(width);
    }

    private static bool IsWholeStream(Stream stream, RvqModel? model)
    {
        using var reader = RvqReader.Open(stream, model, leaveOpen: true);
        while (reader.ReadChunk() is not null)
        {
        }

        return reader.IsComplete;
    }

    private static bool IsWholeTable(Stream stream, RvqModel? model)
    {
        if (model is null)
        {
            using var frames = ParquetClipReader<float>.Open(stream, FrameFiles.Column);
            return true;
        }

        using var codes = ParquetClipReader<int>.Open(stream, CodesTable.Codes);
        return codes.Metadata.TryGetValue(CodesTable.Fingerprint, out var fingerprint) && fingerprint == CodesTable.FingerprintOf(model);
    }
}
