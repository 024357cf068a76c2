namespace Rvq.Tool.Files;

/// <summary>Reads files whole that are small by nature, whatever a stream claims.</summary>
internal static class WholeFile
{
    private const int MaxBytes = 1 << 30;

    /// <summary>The bytes of a stream to its end.</summary>
    /// <exception cref="InvalidDataException">There are more than 2^30.</exception>
    public static ReadOnlyMemory<byte> Read(Stream stream)
    {
        if (stream.CanSeek && stream.Length - stream.Position > MaxBytes)
        {
            throw new InvalidDataException($"It has {stream.Length} bytes; at most {MaxBytes} are read.");
        }

        var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > MaxBytes)
            {
                throw new InvalidDataException($"It has more than {MaxBytes} bytes, which are the most that is read.");
            }

            bytes.Write(buffer, 0, read);
        }

        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }
}
