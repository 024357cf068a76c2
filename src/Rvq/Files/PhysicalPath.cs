namespace Rvq.Files;

/// <summary>A path with every symbolic link in it followed, whether or not a file is there.</summary>
internal static class PhysicalPath
{
    // As Linux has it.
    private const int MaxLinks = 40;

    /// <summary>The path of the file that a path leads to.</summary>
    /// <exception cref="IOException">The links run in a circle.</exception>
    public static string Of(string path)
    {
        var links = 0;
        return Follow(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), path, ref links);
    }

    /// <summary>Whether such a path is one of a process's open files, which Linux lists as links but which need not have a name.</summary>
    public static bool IsOpenFile(string path)
        => path.StartsWith("/proc/", StringComparison.Ordinal) && Path.GetFileName(Path.GetDirectoryName(path.AsSpan())) is "fd";

    private static string Follow(string path, string given, ref int links)
    {
        if (Path.GetDirectoryName(path) is not { } folder)
        {
            return path;
        }

        // The folder first: ".." in a link means the parent of the folder that the link really lies in.
        folder = Follow(folder, given, ref links);
        path = Path.Join(folder, Path.GetFileName(path));
        if (IsOpenFile(path) || new FileInfo(path).LinkTarget is not { } target)
        {
            return path;
        }

        return ++links <= MaxLinks
            ? Follow(Path.TrimEndingDirectorySeparator(Path.GetFullPath(target, folder)), given, ref links)
            : throw new IOException($"'{given}' leads through more than {MaxLinks} symbolic links.");
    }
}
