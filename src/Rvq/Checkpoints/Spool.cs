namespace Rvq.Checkpoints;

/// <summary>Keeps a stream that cannot seek: in memory, or where it is long in a temporary file that goes away with the stream.</summary>
internal static class Spool
{
    private const int MaxMemory = 64_000_000;
    private const int ChunkBytes = 1 << 16;

    /// <summary>Copies a stream to its end; more than <paramref name="most"/> bytes are refused.</summary>
    public static Stream Copy(Stream source, long most, string what)
    {
        Stream copy = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        try
        {
            for (int count; (count = source.Read(chunk)) > 0;)
            {
                copy = MakeRoom(copy, count, most, what);
                copy.Write(chunk, 0, count);
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="Copy"/>
    public static async Task<Stream> CopyAsync(Stream source, long most, string what, CancellationToken cancellationToken)
    {
        Stream copy = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        try
        {
            for (int count; (count = await source.ReadAsync(chunk, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                copy = MakeRoom(copy, count, most, what);
                copy.Write(chunk, 0, count);
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static Stream MakeRoom(Stream copy, int count, long most, string what)
    {
        if (copy.Length > most - count)
        {
            throw new InvalidDataException($"{what} is longer than {most} bytes, the most that is read of it.");
        }

        if (copy is not MemoryStream memory || copy.Length + count <= MaxMemory)
        {
            return copy;
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = ChunkBytes,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var file = new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
        memory.WriteTo(file);
        memory.Dispose();
        return file;
    }
}
