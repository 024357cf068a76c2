using System.IO.Compression;

namespace Rvq.Tool.Files;

/// <summary>Reads .npz files, as NumPy's savez and savez_compressed write them: zip archives of .npy files.</summary>
internal static class NpzReader
{
    private const string Extension = ".npy";

    /// <summary>The names of the arrays.</summary>
    /// <exception cref="InvalidDataException">It is no such file.</exception>
    public static List<string> Names(Stream stream)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    /// <summary>The arrays in the archive's order, each read when it is asked for.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or an array is damaged.</exception>
    public static IEnumerable<(string Name, T Array)> Read<T>(Stream stream, Func<Stream, T> read)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in archive.Entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
            {
                throw new InvalidDataException($"It holds '{entry.FullName}', which is no .npy file.");
            }

            yield return (entry.FullName[..^Extension.Length], ReadEntry(entry, read));
        }
    }

    private static T ReadEntry<T>(ZipArchiveEntry entry, Func<Stream, T> read)
    {
        try
        {
            using var stream = entry.Open();
            return read(stream);
        }
        catch (InvalidDataException fault)
        {
            throw new InvalidDataException($"{entry.FullName}: {fault.Message}", fault);
        }
    }
}
