namespace Rvq.Files;

/// <summary>
/// Writes outputs by one rule. A regular file, or a new one, appears whole or not at all: it is written beside its place and renamed, and
/// keeps the mode, the owner where the system allows it, and the symbolic links of the one before. Anything else (a device, a pipe, a mount
/// point, an open file of a process) is written to. Errors name the path that was given, never the unfinished file's.
/// </summary>
internal static class OutputFile
{
    /// <summary>
    /// Unfinished files have names that start with this and end with <see cref="UnfinishedEnd"/>, in the folder of the finished file.
    /// </summary>
    public const string UnfinishedStart = ".rvq-";

    /// <summary>The end of an unfinished file's name.</summary>
    public const string UnfinishedEnd = ".tmp";

    // Less than a block is given even by disks that are full.
    private const long LeastRoom = 1 << 16;
    private const int BufferSize = 1 << 16;

    /// <summary>
    /// Throws what <see cref="Write"/> would throw for the folder, the file or the room on the disk, before there is anything to write.
    /// Changes nothing.
    /// </summary>
    /// <param name="path">The output.</param>
    /// <param name="length">The bytes that are to be written, as far as that is known.</param>
    /// <exception cref="IOException">The folder is missing or read-only, the disk is full, or a folder, a socket or a read-only file is
    /// there.</exception>
    public static void Check(string path, long length = 0)
    {
        if (OutputPlace.Of(path) is { IsReplaced: true } place)
        {
            var unfinished = Unfinished(place);
            Named(path, unfinished, () =>
            {
                Create(unfinished, isSecret: true, Math.Max(length, LeastRoom)).Dispose();
                File.Delete(unfinished);
            });
        }
    }

    /// <summary>Has <paramref name="write"/> write an output.</summary>
    /// <exception cref="IOException">As <see cref="Check"/> throws, or the disk is full; a file that was there before is untouched
    /// then.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var place = OutputPlace.Of(path);
        if (!place.IsReplaced)
        {
            var isRegular = FileStatus.Of(place.Path) is { Kind: FileStatus.Regular };
            using var stream = new FileStream(
                place.Path, isRegular ? FileMode.Truncate : FileMode.Open, FileAccess.Write, FileShare.ReadWrite, BufferSize);
            write(stream);
            return;
        }

        var unfinished = Unfinished(place);
        Named(path, unfinished, () => Replace(place.Path, unfinished, write));
    }

    private static void Replace(string target, string unfinished, Action<Stream> write)
    {
        void Remove(object? sender, EventArgs args) => File.Delete(unfinished);

        var replaces = File.Exists(target);
        var stream = Create(unfinished, replaces, length: 0);
        AppDomain.CurrentDomain.ProcessExit += Remove;
        try
        {
            // Closing writes what is left of the buffer, and so can fail as well.
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
                if (replaces && !OperatingSystem.IsWindows())
                {
                    FileStatus.CopyOwner(target, unfinished);
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(target));
                }
            }

            File.Move(unfinished, target, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
        finally
        {
            AppDomain.CurrentDomain.ProcessExit -= Remove;
        }
    }

    // The name is short, as that of the file itself may be as long as the system lets it be.
    private static string Unfinished(OutputPlace place)
        => Path.Join(Path.GetDirectoryName(place.Path), $"{UnfinishedStart}{Path.GetRandomFileName()[..8]}{UnfinishedEnd}");

    private static FileStream Create(string path, bool isSecret, long length)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = BufferSize,
            PreallocationSize = length,
        };
        if (isSecret && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static void Named(string path, string unfinished, Action work)
    {
        try
        {
            work();
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException && fault.Message.Contains(unfinished, StringComparison.Ordinal))
        {
            throw new IOException(fault.Message.Replace(unfinished, path, StringComparison.Ordinal), fault);
        }
    }
}
