namespace Rvq.Tool.Files;

/// <summary>Writes a file whole or not at all: beside its place first, then renamed, so that a fault or Ctrl-C leaves what was there before.</summary>
internal static class OutputFile
{
    /// <summary>Has <paramref name="write"/> write the file of that path.</summary>
    /// <exception cref="IOException">The folder, the disk or the name does not allow it; so are the other exceptions of <see cref="File.Move(string, string)"/>.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        // A device or a pipe is not replaced but written to.
        if (path.StartsWith("/dev/", StringComparison.Ordinal))
        {
            using var device = new FileStream(path, FileMode.Open, FileAccess.Write);
            write(device);
            return;
        }

        // What a link points to is replaced, not the link.
        var target = new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(path);
        if (Directory.Exists(target))
        {
            throw new IOException($"'{path}' is a folder.");
        }

        var unfinished = $"{target}.{Path.GetRandomFileName()}";
        try
        {
            using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, target, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }
}
