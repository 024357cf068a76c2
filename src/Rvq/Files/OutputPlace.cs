namespace Rvq.Files;

/// <summary>Where an output goes: the file that the user's path leads to, and how it is written.</summary>
/// <param name="Path">The path with its links followed.</param>
/// <param name="IsReplaced">
/// Whether the output is a regular file, or a new one, which is written beside its place and renamed; devices, pipes, mount points and a
/// process's open files are written to.
/// </param>
internal readonly record struct OutputPlace(string Path, bool IsReplaced)
{
    /// <summary>Looks where a path leads; nothing is opened.</summary>
    /// <exception cref="IOException">A folder, a socket or a file that is read-only is there.</exception>
    public static OutputPlace Of(string path)
    {
        var target = PhysicalPath.Of(path);
        if (Directory.Exists(target) || System.IO.Path.EndsInDirectorySeparator(path))
        {
            throw new IOException($"'{path}' is a folder.");
        }

        var status = FileStatus.Of(target);
        if (status is { Kind: FileStatus.Socket })
        {
            throw new IOException($"'{path}' is a socket, which cannot be written to by its name.");
        }

        if (File.Exists(target) && !FileStatus.IsWritable(target))
        {
            throw new IOException($"'{path}' is read-only.");
        }

        // Where the system does not tell the kind of a file, what lies in /dev is a device.
        var isRegular = status is { } known ? known is { Kind: FileStatus.Regular, IsMountPoint: false }
            : !File.Exists(target) || !target.StartsWith("/dev/", StringComparison.Ordinal);
        return new OutputPlace(target, isRegular && !PhysicalPath.IsOpenFile(target));
    }
}
